"""The command `gofer`: predict, search, explain, serve, info, selftest, pack, bank.

What enters: what a user types. What leaves: files and tables, and a sentence about them. Each command is in a module
of its own (`predict_command`, `bank_command`, …); `main` declares them, and `running` has what all share: errors
without traceback, exit codes, the model that is used without being named.
"""
