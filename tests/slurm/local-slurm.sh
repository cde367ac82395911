#!/usr/bin/env bash
# A private Slurm of two nodes for tests, both of them this host: no systemd, nothing under /etc is touched, every listener
# is on loopback, every file is in one folder. It ends only processes that it started.
#
#   local-slurm.sh install   whether Slurm can run here; apt-get slurm-wlm and munge where they are absent (Debian 12, root)
#   local-slurm.sh start     start, or do nothing where it runs already
#   local-slurm.sh env       print what a client needs:  eval "$(local-slurm.sh env)"
#   local-slurm.sh status    0 where the controller answers and the nodes take jobs
#   local-slurm.sh stop      cancel all jobs, end the processes of the pid files
#
# LOCAL_SLURM_DIR is the folder, LOCAL_SLURM_PORT the first of three ports. Each node pretends to have as many CPUs, as much
# memory and as many GPUs as a profile for a real cluster asks for; what a job asks for is enforced all the same.
set -euo pipefail
umask 022

dir=${LOCAL_SLURM_DIR:-${TMPDIR:-/tmp}/gofer-slurm}
port=${LOCAL_SLURM_PORT:-36817}
cpus=64
mem_mb=256000
wait_s=30
host=$(hostname -s)
nodes=(node1 node2)
daemons=("${nodes[@]/#/slurmd-}" slurmctld munged)
conf=$dir/etc/slurm.conf
export SLURM_CONF=$conf

say() { printf 'local-slurm: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# wait_for SECONDS COMMAND...: ask again every 0.1 s, never longer than SECONDS
wait_for() {
  local end=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    (($(date +%s) < end)) || return 1
    sleep 0.1
  done
}

# pid_of NAME: the pid of our pid file, only where that process is still the program that we started
pid_of() {
  local file=$dir/run/$1.pid program=${1%-node*} pid exe
  [[ -s $file ]] || return 1
  pid=$(tr -dc 0-9 <"$file")
  exe=$(readlink "/proc/$pid/exe" 2>/dev/null) || return 1
  case ${exe##*/} in "$program" | "$program"-wlm) ;; *) return 1 ;; esac
  tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qxF "SLURM_CONF=$conf" || return 1
  echo "$pid"
}
ended() { ! pid_of "$1"; }

end_one() {
  local pid
  if pid=$(pid_of "$1"); then
    kill -TERM "$pid"
    if ! wait_for 10 ended "$1"; then
      kill -KILL "$pid"
      wait_for 5 ended "$1" || die "$1 ($pid) would not end"
    fi
  fi
  rm -f "$dir/run/$1.pid"
}

install_packages() {
  ((EUID == 0)) || die 'needs root'
  [[ $(getent ahostsv4 "$host" | awk 'NR==1 {print $1}') == 127.* ]] ||
    die "the host name '$host' must resolve to loopback: put '127.0.0.1 $host' first in /etc/hosts"
  [[ ! -e /etc/slurm/slurm.conf ]] || die '/etc/slurm/slurm.conf exists and would win: this host already has Slurm'
  command -v slurmctld >/dev/null && command -v munged >/dev/null && return 0
  export DEBIAN_FRONTEND=noninteractive
  # Keeps the packages from starting daemons while they are unpacked.
  local made=
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    made=1
  fi
  apt-get update -q && apt-get install -y -q --no-install-recommends slurm-wlm munge || { [[ -z $made ]] || rm -f /usr/sbin/policy-rc.d; return 1; }
  [[ -z $made ]] || rm -f /usr/sbin/policy-rc.d
}

write_conf() {
  cat >"$conf" <<CONF
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# a job that is queued again starts only when its old credential has run out, after two minutes unless configured
AuthInfo=socket=$dir/run/munge.socket,cred_expire=15
CredType=cred/munge
# bind to what the host name resolves to (checked to be 127.*), not to 0.0.0.0
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
# no cgroups needed
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
# a job over its memory is killed within about a second
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=2,sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
KillWait=10
# squeue must still show a job when Snakemake asks
MinJobAge=300
# one line for each job that ended
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobcomp.log
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName=DEFAULT CPUs=$cpus RealMemory=$mem_mb Gres=gpu:1 State=UNKNOWN
NodeName=${nodes[0]} NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1))
NodeName=${nodes[1]} NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2))
PartitionName=main Nodes=ALL Default=YES DefMemPerCPU=100 DefaultTime=10 MaxTime=3-0 State=UP
PartitionName=gpu Nodes=ALL DefMemPerCPU=100 DefaultTime=10 MaxTime=3-0 State=UP
CONF
  # Slurm 22.05 drops a gpu line without File=: a character device stands for the GPU, and CUDA_VISIBLE_DEVICES is set.
  echo "Name=gpu File=/dev/null" >"$dir/etc/gres.conf"
}

start_munged() {
  pid_of munged >/dev/null && return
  [[ -s $dir/etc/munge.key ]] || (umask 077 && head -c 1024 /dev/urandom >"$dir/etc/munge.key")
  rm -f "$dir"/run/munge.*
  munged --key-file="$dir/etc/munge.key" --socket="$dir/run/munge.socket" --pid-file="$dir/run/munged.pid" \
    --log-file="$dir/log/munged.log" --seed-file="$dir/run/munge.seed" --num-threads=2
  wait_for $wait_s munge -S "$dir/run/munge.socket" -n || die "munged does not answer, see $dir/log/munged.log"
}

controller_up() { timeout 5 scontrol ping 2>/dev/null | grep -q 'is UP'; }
node_ready() { [[ $(timeout 5 sinfo -h -n "$1" -p main -o %T 2>/dev/null) =~ ^(idle|mixed|allocated|completing)$ ]]; }
nodes_ready() { local node; for node in "${nodes[@]}"; do node_ready "$node" || return 1; done; }
no_jobs() { local out; out=$(timeout 5 squeue -h -t PENDING,RUNNING,COMPLETING,CONFIGURING,SUSPENDED) && [[ -z $out ]]; }

loopback_only() {
  local name pid beyond=
  for name in "${daemons[@]}"; do
    pid=$(pid_of $name) || continue
    beyond+=$(ss -H -ltnp 2>/dev/null | grep "pid=$pid," | awk '{print $4}' | grep -v '^127\.' | sed "s/^/ $name=/" || true)
  done
  [[ -z $beyond ]] || die "listens beyond loopback:$beyond"
}

start() {
  command -v slurmctld >/dev/null && command -v munged >/dev/null || die "run '$0 install' first"
  ! status >/dev/null 2>&1 || return 0
  mkdir -p "$dir"/{etc,run,log,state,spool}
  mkdir -p "${nodes[@]/#/$dir/spool/}"
  write_conf
  # Snakemake's jobstep drops SLURM_CONF before its inner srun, so the configuration must be found without it, in the
  # place that Slurm itself uses where nodes have no configuration.
  mkdir -p /run/slurm
  [[ ! -e /run/slurm/conf || $(readlink /run/slurm/conf) == "$dir/etc" ]] || die '/run/slurm/conf belongs to another Slurm'
  ln -sfn "$dir/etc" /run/slurm/conf
  start_munged
  pid_of slurmctld >/dev/null || { rm -f "$dir/run/slurmctld.pid" && slurmctld -i; }
  wait_for $wait_s controller_up || die "slurmctld does not answer, see $dir/log/slurmctld.log"
  local node
  for node in "${nodes[@]}"; do
    pid_of "slurmd-$node" >/dev/null || { rm -f "$dir/run/slurmd-$node.pid" && slurmd -N "$node"; }
  done
  wait_for $wait_s nodes_ready || die "the nodes do not come up: $(sinfo -h -o '%n %T %E' 2>&1 || true); see $dir/log"
  loopback_only
}

status() {
  local name pid
  for name in "${daemons[@]}"; do
    pid=$(pid_of $name) && echo "$name $pid" || true
  done
  [[ -s $conf ]] && controller_up && nodes_ready
}

stop() {
  [[ -d $dir/run ]] || return 0
  if pid_of slurmctld >/dev/null && controller_up; then
    timeout 10 scancel --user=root 2>/dev/null || true
    wait_for $wait_s no_jobs || say 'some jobs did not end in time'
  fi
  local name
  for name in "${daemons[@]}"; do end_one "$name"; done
  [[ $(readlink /run/slurm/conf 2>/dev/null) != "$dir/etc" ]] || rm -f /run/slurm/conf
}

case ${1:-} in
  install) install_packages ;;
  start) start ;;
  stop) stop ;;
  status) status ;;
  env) printf 'export SLURM_CONF=%q\n' "$conf" ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
