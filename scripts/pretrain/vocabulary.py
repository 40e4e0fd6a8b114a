"""Learns byte-pair merges from spans, one JSON string a line on standard input.

Prints a JSON list of merges, best first. Needs the `tokenizers` package. Spans never merge with each other.
"""

import json
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

spans = [json.loads(line) for line in sys.stdin]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
trainer = trainers.BpeTrainer(
    vocab_size=int(sys.argv[1]),
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
tokenizer.train_from_iterator(spans, trainer)
merges = json.loads(tokenizer.to_str())["model"]["merges"]
print(json.dumps([merge if isinstance(merge, list) else merge.split(" ") for merge in merges]))
