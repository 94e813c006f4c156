"""A small shelf with a search on it, for the tests that read product words."""

from rapidfuzz import fuzz

from bot.understand.text import bare

CAM, MAT, TRUNG, BUOI, MANG, MIEN = 1, 2, 3, 4, 5, 6
_NAMES = {
    CAM: ("cam sành loại 1", "cam sành", "cam"),
    MAT: ("mật ong rừng 500 ml", "mật ong rừng", "mật ong", "mật", "honey"),
    TRUNG: ("trứng gà đồi", "trứng gà", "trứng"),
    BUOI: ("bưởi đỏ", "bưởi"),
    MANG: ("măng khô 500 g", "măng khô", "măng"),
    MIEN: ("miến dong 500 g", "miến dong", "miến"),
}


def find(words: str) -> list[tuple[int, float]]:
    """Product ids with their scores, best first."""
    query = bare(words)
    scores = [(product_id, max(fuzz.ratio(query, bare(n)) for n in names)) for product_id, names in _NAMES.items()]
    return sorted((s for s in scores if s[1] > 0), key=lambda s: -s[1])
