"""A map of Vietnam's 34 provinces for the page behind a stamp: names in `provinces`, the picture in `drawing`.

`provinces.json` is made by `docs/data/make_map.py`; `provinces.LICENSE` says from what.
"""
