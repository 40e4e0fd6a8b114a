"""Padding, caches and joining rows on tiny random models of several families, against plain passes of one sequence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers
from conftest import SEQUENCES
from test_adapters import plain_logprobs

from baton_torch.adam import norm
from baton_torch.base import Place, load_base
from baton_torch.batches import pad
from baton_torch.cache import cache_maker
from baton_torch.decoding import Decoding, Row
from baton_torch.errors import EngineError
from baton_torch.lora import LoraNetwork, LoraShape
from baton_torch.network import BASE

SMALL = {"vocab_size": 128, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128}
ENDS = {"eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 0}
LINEAR = {
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
MAMBA = {"mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_expand": 1, "mamba_chunk_size": 8}

FAMILIES = {
    "llama": lambda: transformers.LlamaConfig(**SMALL, **HEADS, **ENDS),
    "qwen2": lambda: transformers.Qwen2Config(**SMALL, **HEADS, **ENDS),
    "qwen3": lambda: transformers.Qwen3Config(**SMALL, **HEADS, **ENDS, head_dim=8),
    "mistral": lambda: transformers.MistralConfig(**SMALL, **HEADS, **ENDS, sliding_window=4),
    "gemma2": lambda: transformers.Gemma2Config(**SMALL, **HEADS, **ENDS, head_dim=8, sliding_window=4),
    "phi3": lambda: transformers.Phi3Config(**SMALL, **HEADS, **ENDS),
    # Layers that keep a state beside attention's keys and values: convolutions, linear attention, both at once.
    "lfm2": lambda: transformers.Lfm2Config(**SMALL, **HEADS, **ENDS, layer_types=["conv", "full_attention"]),
    "qwen3_5": lambda: transformers.Qwen3_5TextConfig(**SMALL, **HEADS, **ENDS, **LINEAR, head_dim=8),
    "qwen3_next": lambda: transformers.Qwen3NextConfig(
        **SMALL, **HEADS, **ENDS, **LINEAR, head_dim=8, num_experts=0, mlp_only_layers=[0, 1]
    ),
    "granite4": lambda: transformers.GraniteMoeHybridConfig(
        **SMALL,
        **HEADS,
        **ENDS,
        **MAMBA,
        layer_types=["mamba", "attention"],
        num_local_experts=0,
        shared_intermediate_size=48,
        position_embedding_type="rope",
        mamba_n_groups=1,
    ),
    "falcon_h1": lambda: transformers.FalconH1Config(**SMALL, **HEADS, **ENDS, **MAMBA, mamba_d_ssm=32, head_dim=8),
    "jamba": lambda: transformers.JambaConfig(
        **SMALL,
        **HEADS,
        **ENDS,
        attn_layer_period=2,
        attn_layer_offset=1,
        num_experts=1,
        mamba_d_state=8,
        use_mamba_kernels=False,
    ),
    "gpt2": lambda: transformers.GPT2Config(vocab_size=128, n_embd=32, n_layer=2, n_head=4, n_positions=128, **ENDS),
}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_batched_work_is_that_of_single_plain_passes(family: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    config = FAMILIES[family]()
    made = transformers.AutoModelForCausalLM.from_config(config)
    for parameter in made.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    made.save_pretrained(tmp_path)
    plain = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    device = torch.device("cpu")
    base = load_base(Place(str(tmp_path)), torch.float32, device)
    network = LoraNetwork(base, device, LoraShape(rank=2), str(tmp_path))
    network.hold("a@v1", {n: w + 0.05 for n, w in network.fresh("a").items()})
    with torch.inference_mode():
        found = network.logprobs(BASE, pad(SEQUENCES, device), 1.0)
        wanted = torch.cat([plain_logprobs(plain, s) for s in SEQUENCES])
    torch.testing.assert_close(found, wanted, rtol=0, atol=2e-5)

    rows = [Row(BASE if i % 2 else "a@v1", s.tokens[:3] * (i + 1), 1.0, 1.0, i, 6 + i) for i, s in enumerate(SEQUENCES)]
    decoding = Decoding(network, lambda policies: policies)
    done = decoding.admit(rows[:2])
    done += decoding.step()
    done += decoding.admit(rows[2:])
    while decoding.rows:
        done += decoding.step()
    assert len(done) == len(rows)
    for row in rows:
        sequence = SEQUENCES[0].model_copy(
            update={
                "tokens": row.prompt + row.tokens,
                "mask": [0] * len(row.prompt) + [1] * len(row.tokens),
            }
        )
        with torch.inference_mode():
            alone = network.logprobs(row.policy, pad([sequence], device), 1.0)
        torch.testing.assert_close(torch.tensor(row.logprobs), alone, rtol=0, atol=2e-5)


def test_a_model_whose_rows_cannot_share_a_cache_is_refused_where_it_is_loaded(tmp_path: Path) -> None:
    config = transformers.MambaConfig(vocab_size=128, hidden_size=32, num_hidden_layers=2, state_size=8, **ENDS)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    with pytest.raises(EngineError, match=r"MambaForCausalLM has no cache of the usual form.*choose a base") as caught:
        load_base(Place(str(tmp_path)), torch.float32, torch.device("cpu"))
    assert caught.value.code == "base.refused"
    with torch.device("meta"):
        indexed = transformers.AutoModelForCausalLM.from_config(
            transformers.DeepseekV32Config(**SMALL, num_attention_heads=4, num_key_value_heads=4, **ENDS)
        )
    with pytest.raises(EngineError, match="has layers that keep a DynamicIndexedLayer"):
        cache_maker(indexed)


@pytest.mark.parametrize("family", ["llama", "gpt2", "phi3", "lfm2", "qwen3_5", "granite4"])
def test_gradients_match_finite_differences(family: str, tmp_path: Path) -> None:
    """Along a direction that is half the gradient's and half random; norms inside the models are float32."""
    torch.manual_seed(2)
    transformers.AutoModelForCausalLM.from_config(FAMILIES[family]()).save_pretrained(tmp_path)
    device = torch.device("cpu")
    base = load_base(Place(str(tmp_path)), torch.float64, device)
    network = LoraNetwork(base, device, LoraShape(rank=2), str(tmp_path))
    network.hold("a@v1", {n: w + 0.02 for n, w in network.fresh("a").items()})
    for parameter in network.trainable("a@v1").values():
        parameter.data = parameter.data.double()
    batch = pad(SEQUENCES, device)
    with network.training("a@v1") as parameters:
        network.logprobs("a@v1", batch, 1.0).sum().backward()  # type: ignore[no-untyped-call]
        gradient = {n: p.grad.clone() for n, p in parameters.items() if p.grad is not None}
    assert gradient.keys() == parameters.keys()
    noise = {n: torch.randn_like(g) for n, g in gradient.items()}
    direction = {n: gradient[n] / norm(gradient) + noise[n] / norm(noise) for n in gradient}
    slope = sum(float((gradient[n] * direction[n]).sum()) for n in gradient)
    values = []
    for step in (5e-5, -5e-5):
        with torch.no_grad():
            for n, p in parameters.items():
                p += step * direction[n]
            values.append(float(network.logprobs("a@v1", batch, 1.0).sum()))
            for n, p in parameters.items():
                p -= step * direction[n]
    assert slope == pytest.approx((values[0] - values[1]) / 1e-4, rel=3e-3)
