"""Tiny checkpoints of transformers' detectors and depth models: the real classes, few channels, random weights.

The heads are drawn wide, so that some detections pass the thresholds and depth varies over a picture.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import (
    BertConfig,
    BertTokenizer,
    CLIPTokenizer,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    DetrConfig,
    DetrForObjectDetection,
    DetrImageProcessorPil,
    DFineConfig,
    DFineForObjectDetection,
    Dinov2Config,
    DPTImageProcessorPil,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessorPil,
    GroundingDinoProcessor,
    HGNetV2Config,
    Owlv2Config,
    Owlv2ForObjectDetection,
    Owlv2ImageProcessorPil,
    Owlv2Processor,
    ResNetConfig,
    RTDetrImageProcessorPil,
    RTDetrResNetConfig,
    RTDetrV2Config,
    RTDetrV2ForObjectDetection,
    SwinConfig,
)

NAMES = {0: "chair", 1: "couch", 2: "tv", 3: "N/A"}
BLOCK = {"num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 16, "intermediate_size": 16}
SIDE = 64
CLOSED = ("dfine", "rt_detr_v2", "detr")  # the functions that make detectors with fixed labels


def picture(height: int = 48, width: int = 72, seed: int = 0) -> np.ndarray:
    """A picture of coloured rectangles on noise."""
    random = np.random.default_rng(seed)
    image = random.integers(0, 60, (height, width, 3), np.uint8)
    image[height // 4 : height // 2, width // 6 : width // 3] = (220, 40, 30)
    image[height // 2 :, width // 2 : 5 * width // 6] = (30, 200, 90)
    return image


def widen(model: nn.Module, *layers: str, spread: float = 1.0, bias: float = 0.0) -> None:
    """Draw the weights of linear layers anew, with a wide spread."""
    for name, module in model.named_modules():
        if any(layer in name for layer in layers) and isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=spread)
            nn.init.constant_(module.bias, bias)


def enlarge(model) -> None:
    """Make the boxes of a D-FINE or an RT-DETR larger than those that its queries start from."""
    model.model.enc_bbox_head.layers[-1].bias.data[2:] = 2.5


def dfine(folder: Path) -> Path:
    """A D-FINE."""
    torch.manual_seed(0)
    backbone = HGNetV2Config(
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 8, 16, 16],
        stage_mid_channels=[4] * 4,
        stage_out_channels=[8, 16, 16, 16],
        stage_num_blocks=[1] * 4,
        stage_numb_of_layers=[1] * 4,
        embedding_size=8,
        hidden_sizes=[8, 16, 16, 16],
        depths=[1] * 4,
        out_features=["stage2", "stage3", "stage4"],
    )
    model = DFineForObjectDetection(DFineConfig(**_detr_sizes(backbone), decoder_n_points=[3, 6, 3]))
    widen(model, "class_embed", "bbox_embed", "decoder", spread=0.6)
    enlarge(model)
    return _saved(folder, model, RTDetrImageProcessorPil(size={"height": SIDE, "width": SIDE}))


def rt_detr_v2(folder: Path) -> Path:
    """An RT-DETRv2."""
    torch.manual_seed(1)
    backbone = RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 16, 16],
        depths=[1] * 4,
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    model = RTDetrV2ForObjectDetection(RTDetrV2Config(**_detr_sizes(backbone)))
    widen(model, "class_embed", "bbox_embed", "decoder", spread=0.6)
    enlarge(model)
    return _saved(folder, model, RTDetrImageProcessorPil(size={"height": SIDE, "width": SIDE}))


def detr(folder: Path) -> Path:
    """A DETR, which pads pictures and has a number without a category."""
    torch.manual_seed(2)
    backbone = ResNetConfig(
        embedding_size=8, hidden_sizes=[8] * 4, depths=[1] * 4, layer_type="basic", out_features=["stage4"]
    )
    config = DetrConfig(
        backbone_config=backbone,
        num_queries=20,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        id2label=NAMES,
        label2id={name: number for number, name in NAMES.items()},
    )
    model = DetrForObjectDetection(config)
    widen(model, "class_labels_classifier", "bbox_predictor", "decoder", spread=0.8)
    nn.init.normal_(model.get_parameter("model.query_position_embeddings.weight"), std=3.0)
    return _saved(folder, model, DetrImageProcessorPil(size={"shortest_edge": SIDE, "longest_edge": 2 * SIDE}))


def owlv2(folder: Path) -> Path:
    """An OWLv2 whose tokens are characters."""
    torch.manual_seed(3)
    letters = sorted({"a", *map(chr, range(ord("a"), ord("z") + 1))})
    vocabulary = {token: index for index, token in enumerate([*letters, *(f"{c}</w>" for c in letters)])}
    vocabulary |= {"<|startoftext|>": len(vocabulary), "<|endoftext|>": len(vocabulary) + 1}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=48, pad_token="<|endoftext|>")
    text = {
        "vocab_size": len(vocabulary),
        "max_position_embeddings": 48,
        "bos_token_id": vocabulary["<|startoftext|>"],
        "eos_token_id": vocabulary["<|endoftext|>"],
        "pad_token_id": vocabulary["<|endoftext|>"],
    }
    config = Owlv2Config(
        text_config=BLOCK | text, vision_config=BLOCK | {"image_size": SIDE, "patch_size": 16}, projection_dim=16
    )
    model = Owlv2ForObjectDetection(config)
    widen(model, "class_head.dense0", "box_head", spread=0.5)
    widen(model, "class_head.logit", spread=0.1)
    for layer in (model.owlv2.text_model, model.owlv2.text_projection):
        for parameter in layer.parameters():
            if parameter.ndim == 2:
                nn.init.normal_(parameter, std=1.0)
    images = Owlv2ImageProcessorPil(size={"height": SIDE, "width": SIDE})
    return _saved(folder, model, Owlv2Processor(images, tokenizer))


def grounding_dino(folder: Path) -> Path:
    """A Grounding DINO whose tokens are a few words and their ends."""
    torch.manual_seed(4)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "?", "chair", "table", "tv", "stand", "fire", "ex", "##ting"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = BertTokenizer(vocab=vocabulary, model_max_length=256)
    swin = SwinConfig(
        image_size=SIDE,
        embed_dim=8,
        depths=[1] * 4,
        num_heads=[1] * 4,
        window_size=4,
        out_features=["stage2", "stage3", "stage4"],
    )
    config = GroundingDinoConfig(
        backbone_config=swin,
        text_config=BertConfig(vocab_size=len(tokens), **BLOCK),
        d_model=32,
        num_queries=15,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_feature_levels=3,
    )
    model = GroundingDinoForObjectDetection(config)
    for parameter in model.model.text_backbone.parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.5)
    widen(model, "text_projection", spread=0.1)
    images = GroundingDinoImageProcessorPil(size={"shortest_edge": SIDE, "longest_edge": 2 * SIDE})
    return _saved(folder, model, GroundingDinoProcessor(images, tokenizer))


def depth_anything(folder: Path, kind: str = "metric") -> Path:
    """A Depth Anything V2; "metric" or "relative"."""
    torch.manual_seed(5)
    backbone = Dinov2Config(
        **(BLOCK | {"num_hidden_layers": 4}),
        image_size=56,
        patch_size=14,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8] * 4,
        fusion_hidden_size=8,
        head_hidden_size=8,
        depth_estimation_type=kind,
        max_depth=20,
    )
    model = DepthAnythingForDepthEstimation(config)
    for parameter in model.parameters():
        if parameter.ndim == 4:
            nn.init.normal_(parameter, std=0.15)
    images = DPTImageProcessorPil(
        size={"height": 56, "width": 56}, keep_aspect_ratio=True, ensure_multiple_of=14, do_pad=False
    )
    return _saved(folder, model, images)


def _detr_sizes(backbone) -> dict:
    names = {number: name for number, name in NAMES.items() if name != "N/A"}
    return {
        "backbone_config": backbone,
        "encoder_hidden_dim": 16,
        "encoder_in_channels": [16] * 3,
        "encoder_ffn_dim": 16,
        "encoder_attention_heads": 2,
        "d_model": 16,
        "num_queries": 20,
        "decoder_in_channels": [16] * 3,
        "decoder_ffn_dim": 16,
        "decoder_layers": 2,
        "decoder_attention_heads": 2,
        "num_denoising": 0,
        "id2label": names,
        "label2id": {name: number for number, name in names.items()},
    }


def _saved(folder: Path, model, processor) -> Path:
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
