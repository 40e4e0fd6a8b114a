"""The engine on PyTorch: holds policies, samples from them, updates them. It computes no reward and no advantage."""

__version__ = "0.1.0"
