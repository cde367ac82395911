"""Sentence encoders small enough for tests: random weights, a vocabulary of letters and a few words."""

import json

import torch
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    DistilBertConfig,
    DistilBertModel,
    MPNetConfig,
    MPNetModel,
)

WORDS = ["glyco", "##lysis", "the", "of", "breakdown", "binding", "sugar", "a", "passage", "process", "atp"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
MODULES = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}


def tiny_bert(folder, *, pooling=None, safe=True, seed=0, tokenizer_json=True):
    """Write a BERT of width 32; with `pooling`, the settings of its Pooling module, as sentence-transformers does."""
    torch.manual_seed(seed)
    vocabulary = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS]
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    model = BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=96, **sizes))
    model.save_pretrained(folder)
    if not safe:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)) + "\n")
    if tokenizer_json:
        BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True).save_pretrained(folder)
    if pooling is not None:
        write_modules(folder, pooling)
    return folder


def write_modules(folder, pooling):
    steps = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(MODULES.items())
    ]
    (folder / "modules.json").write_text(json.dumps(steps))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": 32, **pooling}))


def other_model(folder, kind):
    """Write a model of another architecture, with the tokenizer of `tiny_bert`."""
    tiny_bert(folder)
    torch.manual_seed(3)
    words = len((folder / "vocab.txt").read_text().split())
    if kind == "distilbert":
        sizes = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "max_position_embeddings": 96}
        model = DistilBertModel(DistilBertConfig(vocab_size=words, **sizes))
    else:
        sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
        model = MPNetModel(MPNetConfig(vocab_size=words, max_position_embeddings=98, **sizes))
    model.save_pretrained(folder)
    return folder
