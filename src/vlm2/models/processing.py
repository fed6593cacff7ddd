"""VLM2Processor: words to ids, videos to pixels, ids to words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

from torch import Tensor
from transformers import AddedToken, AutoProcessor, AutoTokenizer, BatchFeature, PreTrainedTokenizerBase, ProcessorMixin

from ..encoders.weights import PARTS
from .checkpoint import PROCESSOR, find_checkpoint
from .configuration import VLM2Config
from .frame_resizer import read_processor_record
from .language import load_tokenizer
from .loading import HUB, refuse_unknown
from .video_processing import VLM2VideoProcessor

VIDEO_TOKEN = "<video>"
INTRODUCTION = "\nThese are frames of a video.\n"  # VSI-Bench's words before a question
QUESTION = "\x02"  # marks its place in the chat template
MARKED = re.compile(r"\s*[<\[{].*[>\]}]\s*", re.DOTALL)  # an added token that is no word: "<image>", "[IMG]"
# Goes before a tokenizer's chat template, which takes strings: joins the parts of each message's content.
CONTENT = (
    "{%- set joined = namespace(messages=[]) -%}{%- for message in messages -%}"
    "{%- if message.content is string -%}{%- set text = message.content -%}{%- else -%}"
    "{%- set text -%}{%- for part in message.content -%}{%- if part.type == 'video' -%}"
    f"{{{{- {json.dumps(VIDEO_TOKEN + INTRODUCTION)} -}}}}"
    "{%- else -%}{{- part.text -}}{%- endif -%}{%- endfor -%}{%- endset -%}{%- endif -%}"
    "{%- set joined.messages = joined.messages + [dict(message, content=text)] -%}{%- endfor -%}"
    "{%- set messages = joined.messages -%}"
)


class VLM2Processor(ProcessorMixin):
    """Prepare prompts and videos. A prompt is the chat template's user turn: the video first, so that its keys and
    values serve many questions, then `INTRODUCTION` and the question.

    A call takes whole prompts with one `<video>` for each video, as `apply_chat_template` writes them from messages
    with parts of the types "video" and "text". `encode_questions` takes the questions alone. Its pieces are tokenised
    apart, so that the ids of a piece do not depend on the text beside it. Questions and answers are plain text: a
    control token's text in them, such as "<|im_end|>", gives the ids of its characters. `text_source` names the frozen
    part that brings the tokenizer; the tokenizer is then not saved.
    """

    text_kwargs: ClassVar[Any] = {
        "padding": True, "padding_side": "left", "return_tensors": "pt", "add_special_tokens": False,
    }  # fmt: skip
    video_token = VIDEO_TOKEN
    tokenizer: PreTrainedTokenizerBase
    video_processor: VLM2VideoProcessor

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        video_processor: VLM2VideoProcessor,
        chat_template: str | None = None,
        text_source: str | None = None,
    ) -> None:
        template = chat_template or str(tokenizer.chat_template)
        template = template if template.startswith(CONTENT) else CONTENT + template
        if VIDEO_TOKEN not in tokenizer.get_vocab():
            tokenizer.add_tokens([AddedToken(VIDEO_TOKEN, special=True, normalized=False)])
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        super().__init__(tokenizer, video_processor, chat_template=template)
        self.text_source = text_source
        self.video_token_id = cast(int, tokenizer.convert_tokens_to_ids(VIDEO_TOKEN))
        self._controls = _control_tokens(tokenizer)
        self._end = cast(int, tokenizer.convert_tokens_to_ids(str(tokenizer.eos_token)))
        turn = [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": QUESTION}]}]
        rendered = self.apply_chat_template(turn, add_generation_prompt=True)
        self._before, rest = rendered.split(VIDEO_TOKEN)
        self._closing = rest.split(QUESTION)[1]

    @classmethod
    def from_config(cls, config: VLM2Config, tokenizer: PreTrainedTokenizerBase | None = None) -> VLM2Processor:
        """Return the processor of a model; the tokenizer is the language model's unless one is given."""
        vision, source = config.vision_config, None if tokenizer is not None else str(config.text_source)
        tokenizer = load_tokenizer(str(source)) if tokenizer is None else tokenizer
        video = VLM2VideoProcessor(vision.stride, side=vision.side, geometry_images=config.geometry_config.images)
        return cls(tokenizer, video, text_source=source)

    def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> type:
        """Check a part's class as transformers does, which needs torchvision for video processors."""
        kind = {"tokenizer": PreTrainedTokenizerBase, "video_processor": VLM2VideoProcessor}[argument_name]
        if not isinstance(argument, kind):
            raise TypeError(f"The processor's {argument_name} is a {kind.__name__}, not a {type(argument).__name__}.")
        return kind

    def prefix_ids(self) -> tuple[list[int], list[int]]:
        """Return the ids before and after the video; together with it, the part that all questions share."""
        return self._ids(self._before), self._ids(INTRODUCTION)

    def question_ids(self, question: str) -> list[int]:
        """Return the ids of a question and of all up to the answer. Raises ValueError for an empty one."""
        if not question.strip():
            raise ValueError("The question is empty; ask something about the video.")
        return self.text_ids(question.strip(), self._closing)

    def offsets(self, question: str) -> list[tuple[int, int]]:
        """Return the characters of a question that each of its ids covers: those of `question_ids`, not the closing."""
        found, start = [], 0
        for piece in self._pieces(question.strip()):
            pairs = self.tokenizer(piece, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
            found += [(start + first, start + last) for first, last in pairs]
            start += len(piece)
        return found

    def answer_ids(self, answer: str) -> list[int]:
        """Return the ids of an answer with the token that ends it, for training."""
        return [*self.text_ids(answer), self._end]

    def text_ids(self, text: str, closing: str = "") -> list[int]:
        """Return the ids of `text` and of `closing` behind it. Somebody wrote `text`, so none of its ids is a control
        token. `closing` is a piece of the chat template, in which control tokens keep their meaning."""
        *pieces, last = self._pieces(text)
        return [*(token for piece in pieces for token in self._ids(piece)), *self._ids(last + closing)]

    def _pieces(self, text: str) -> list[str]:
        """Cut a text behind the first character of every control token in it: no piece holds a whole one, so that the
        tokenizer finds none. A text without control tokens is one piece."""
        pieces, start = [], 0
        while (found := self._controls.search(text, start)) is not None:
            pieces.append(text[start : found.start() + 1])
            start = found.start() + 1
        return [*pieces, text[start:]]

    def encode_questions(self, questions: str | Sequence[str], videos: Any = None, **options: Any) -> BatchFeature:
        """Prepare questions as plain text, each about a video of its own or all about one, and the videos if they are
        given, with the options of `VLM2VideoProcessor.preprocess`. Padded on the left."""
        before, after = self.prefix_ids()
        asked = [questions] if isinstance(questions, str) else questions
        rows = [[*before, self.video_token_id, *after, *self.question_ids(question)] for question in asked]
        padded = self.tokenizer.pad({"input_ids": rows}, padding_side="left", return_tensors="pt")
        seen = {} if videos is None else self.video_processor(videos, **options)
        return BatchFeature({"input_ids": padded["input_ids"], "attention_mask": padded["attention_mask"], **seen})

    def __call__(self, text: Any = None, videos: Any = None, images: None = None, audio: None = None, **options: Any):
        """Prepare whole prompts, one or several, and the videos that their `<video>` stand for, in this order, with the
        options of the tokenizer and of `VLM2VideoProcessor.preprocess`. Raises ValueError where they disagree in
        number."""
        if images is not None or audio is not None:
            raise ValueError("VLM2Processor takes text and videos; give a picture as a video of one frame.")
        return super().__call__(text=text, videos=videos, **options)

    def replace_video_token(self, video_inputs: Any, video_idx: int, **_: Any) -> str:
        """Keep one `<video>` for a video: only the model knows how many slots its memory holds."""
        return VIDEO_TOKEN

    def decode(self, ids: list[int] | Tensor) -> str:
        """Return the words of one answer, without special tokens and outer spaces."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def batch_decode(self, ids: Sequence[list[int]] | Tensor) -> list[str]:
        """Return the words of several answers."""
        return [self.decode(row) for row in ids]

    def save_pretrained(self, save_directory: str | Path, push_to_hub: bool = False, **options: Any) -> list[str]:
        """Write the processor as transformers does; the tokenizer of a frozen part is left out of a local folder."""
        if push_to_hub or self.text_source not in PARTS:
            return super().save_pretrained(str(save_directory), push_to_hub, **options)
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        self.to_json_file(folder / PROCESSOR)
        return [str(folder / PROCESSOR)]

    def to_dict(self) -> dict[str, Any]:
        """Return the processor's record. A tokenizer that is saved with it has no source."""
        return super().to_dict() | {"text_source": self.text_source if self.text_source in PARTS else None}

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> VLM2Processor:
        """Load the processor of a checkpoint: a packaged one, a folder, or a name on the hub with `revision`, `token`,
        `cache_dir`, `local_files_only` or `force_download`. Raises ValueError where there is none, for one that cannot
        be read, and for other options."""
        refuse_unknown(cls, options, HUB)
        folder = find_checkpoint(pretrained_model_name_or_path, PROCESSOR, **options)
        record = read_processor_record(folder)
        if (source := record.get("text_source")) is not None:
            tokenizer, template = load_tokenizer(source), None
        else:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            template = str(tokenizer.chat_template)
        return cls(tokenizer, VLM2VideoProcessor(**record["video_processor"]), template, source)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


AutoProcessor.register(VLM2Config, VLM2Processor, exist_ok=True)


def _control_tokens(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str]:
    """Return a pattern of the texts that a tokenizer takes for control tokens, wherever they stand.

    Added tokens that are words or spaces, as some tokenizers have them, are text.
    """
    added = tokenizer.added_tokens_decoder.values()
    texts = {token.content for token in added if token.special or MARKED.fullmatch(token.content)}
    texts = {text for text in texts.union(tokenizer.all_special_tokens) if len(text) > 1}
    return re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))))
