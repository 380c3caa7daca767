"""What LaTeX's commands for text stand for: characters, accents, and names of languages."""

# ruff: noqa: RUF001 - dashes and marks of every kind are what this is about
from __future__ import annotations

import re
import unicodedata

__all__ = ["ACCENTED", "ACCENTS", "LANGUAGES", "SYMBOLS", "accented"]

ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "H": "\u030b", "k": "\u0328", "r": "\u030a", "u": "\u0306", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
"""The combining character of each accent command."""

ACCENTED = re.compile(
    r"[ \t]*(?:\{[ \t]*(?:\\([ij])[ \t]*|([^\W\d_]?))\}|\\([ij])(?![A-Za-z])[ \t]*|([^\W\d_]))"
)
"""What an accent stands on, in braces or not."""


def accented(command: str, letter: str) -> str:
    r"""A letter with the accent of a command, as one character where there is one.

    >>> accented('"', "o"), accented("v", "s"), accented("'", "i")
    ('ö', 'š', 'í')
    """
    return unicodedata.normalize("NFC", letter + ACCENTS[command]) if letter else ""


SYMBOLS = {
    "ss": "ß", "SS": "SS", "o": "ø", "O": "Ø", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "l": "ł",
    "L": "Ł", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
    "S": "§", "P": "¶", "pounds": "£", "copyright": "©", "dag": "†", "ddag": "‡", "dots": "…", "ldots": "…",
    "euro": "€", "texteuro": "€", "EUR": "€", "degree": "°", "celsius": "°C", "TeX": "TeX", "LaTeX": "LaTeX", "LaTeXe": "LaTeX2e",
    "BibTeX": "BibTeX", "XeLaTeX": "XeLaTeX", "slash": "/", "quad": " ", "qquad": " ", "enspace": " ", "enskip": " ",
    "thinspace": " ", "space": " ", "nobreakspace": " ", "newline": " ", "linebreak": " ", "hfill": " ", "hspace": " ",
    "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”", "textquotesingle": "'",
    "textquotedbl": '"', "quotedblbase": "„", "quotesinglbase": "‚", "glqq": "„", "grqq": "“", "glq": "‚", "grq": "‘",
    "guillemotleft": "«", "guillemotright": "»", "guillemetleft": "«", "guillemetright": "»", "flqq": "«", "frqq": "»", "og": "« ",
    "fg": " »", "lq": "‘", "rq": "’", "textendash": "–", "textemdash": "—", "textellipsis": "…", "textbackslash": "\\",
    "textbar": "|", "textless": "<", "textgreater": ">", "textunderscore": "_", "textdegree": "°", "textmu": "µ",
    "micro": "µ", "textpm": "±", "texttimes": "×", "textdiv": "÷", "textbullet": "•", "textperiodcentered": "·",
    "textregistered": "®", "texttrademark": "™", "textcopyright": "©", "textdagger": "†", "textdaggerdbl": "‡",
    "textsection": "§", "textparagraph": "¶", "textdollar": "$", "textpercent": "%", "textohm": "Ω", "textrightarrow": "→",
    "textleftarrow": "←", "textexclamdown": "¡", "textquestiondown": "¿", "textonehalf": "½", "textonequarter": "¼",
    "textordmasculine": "º", "textordfeminine": "ª", "textalpha": "α", "textbeta": "β", "textgamma": "γ", "textdelta": "δ",
    "textperthousand": "‰", "permil": "‰", "percent": "%", "angstrom": "Å", "checkmark": "✓", "eg": "e.g.", "ie": "i.e.",
    "etal": "et al.", "and": "\ufdda", "And": "\ufdda", "AND": "\ufdda", "textasciitilde": "\ufdd7", "textasciicircum": "^", "textbraceleft": "\ufdd8",
    "textbraceright": "\ufdd9", "lbrace": "\ufdd8", "rbrace": "\ufdd9", "textasteriskcentered": "∗", "qedsymbol": "□",
    # The units of siunitx, without which a quantity is a bare number.
    "metre": "m", "meter": "m", "second": "s", "kilogram": "kg", "gram": "g", "ampere": "A", "kelvin": "K", "mole": "mol",
    "hertz": "Hz", "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "volt": "V", "ohm": "Ω", "tesla": "T",
    "litre": "L", "liter": "L", "hour": "h", "minute": "min", "bar": "bar", "electronvolt": "eV", "decibel": "dB",
    "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "milli": "m", "nano": "n", "pico": "p", "femto": "f", "centi": "c",
    "per": "/", "squared": "²", "cubed": "³", "nm": "nm", "um": "µm", "mm": "mm", "cm": "cm", "km": "km", "kg": "kg", "mg": "mg",
    "ms": "ms", "kHz": "kHz", "MHz": "MHz", "GHz": "GHz", "eV": "eV", "keV": "keV", "MeV": "MeV", "GeV": "GeV", "TeV": "TeV",
}  # fmt: skip
"""What a command without arguments stands for in text."""

LANGUAGES = {
    "english": "en", "american": "en-us", "usenglish": "en-us", "british": "en-gb", "ukenglish": "en-gb", "uk": "en-gb",
    "australian": "en-au", "canadian": "en-ca", "german": "de", "ngerman": "de", "naustrian": "de-at", "austrian": "de-at",
    "nswissgerman": "de-ch", "french": "fr", "francais": "fr", "frenchb": "fr", "acadian": "fr", "spanish": "es",
    "italian": "it", "portuguese": "pt", "portuges": "pt", "brazilian": "pt-br", "brazil": "pt-br", "dutch": "nl",
    "russian": "ru", "ukrainian": "uk", "polish": "pl", "czech": "cs", "slovak": "sk", "slovene": "sl", "croatian": "hr",
    "serbian": "sr", "bulgarian": "bg", "romanian": "ro", "hungarian": "hu", "magyar": "hu", "greek": "el", "turkish": "tr",
    "danish": "da", "swedish": "sv", "norsk": "nb", "norwegian": "no", "nynorsk": "nn", "finnish": "fi", "estonian": "et",
    "latvian": "lv", "lithuanian": "lt", "icelandic": "is", "irish": "ga", "welsh": "cy", "catalan": "ca", "galician": "gl",
    "basque": "eu", "latin": "la", "esperanto": "eo", "hebrew": "he", "arabic": "ar", "farsi": "fa", "persian": "fa",
    "hindi": "hi", "indonesian": "id", "bahasa": "id", "malay": "ms", "vietnamese": "vi", "japanese": "ja", "chinese": "zh",
    "korean": "ko", "thai": "th", "afrikaans": "af", "albanian": "sq", "belarusian": "be", "macedonian": "mk",
}  # fmt: skip
"""The BCP 47 tag of each language that babel and polyglossia name."""
