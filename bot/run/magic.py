"""What a file is, by its first bytes: pictures and voice notes, and nothing else."""

_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"dash", b"3gp")
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}


def media_type_of(content: bytes) -> str:
    """Its media type; empty for everything that is neither a picture nor sound that we know.

    An MP4 file counts as sound: a voice note of Messenger is one. Whether there is a film in it is not looked into.
    """
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], "")
    if content[4:8] == b"ftyp" and content[8:12].startswith(_AUDIO_BRANDS):
        return "audio/mp4"
    return _frames(content[:4])


def _frames(head: bytes) -> str:
    """MP3 or AAC that begins with a frame: eleven or twelve bits that are set, and fields that may not be odd."""
    if len(head) < 4 or head[0] != 0xFF:
        return ""
    if head[1] & 0xF6 == 0xF0:  # ADTS: ISO 14496-3, 1.A.2; the two bits of its layer are 0
        return "audio/aac" if (head[2] >> 2) & 0xF < 13 else ""
    is_mp3 = head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08  # ISO 11172-3, 2.4.2.3: layer III, a version that exists
    return "audio/mpeg" if is_mp3 and head[2] >> 4 not in {0, 15} and head[2] & 0x0C != 0x0C else ""
