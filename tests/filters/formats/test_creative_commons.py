from __future__ import annotations

import pytest

from colophon.filters.formats.creative_commons import spdx_of_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("http://creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
        ("//www.creativecommons.org/licenses/BY-NC-SA/2.5/", "CC-BY-NC-SA-2.5"),
        ("  creativecommons.org/licenses/by-nd/3.0/legalcode", "CC-BY-ND-3.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/deed.pt_BR", "CC-BY-NC-ND-4.0"),
        ("https://creativecommons.org/licences/by/3.0/), which permits", "CC-BY-3.0"),
        ("https://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("https://creativecommons.org/licenses/by/3.0/igo/", "CC-BY-3.0-IGO"),
        ("https://creativecommons.org/licenses/by-sa/3.0/de/deed.en", "CC-BY-SA-3.0-DE"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        # A port that SPDX does not name is another text than the unported licence.
        ("https://creativecommons.org/licenses/by/2.0/de/", ""),
        ("https://creativecommons.org/licenses/by-nc/3.0/at/", ""),
        ("https://creativecommons.org/licenses/by/", ""),
        ("https://creativecommons.org/licenses/by/9.9/", ""),
        ("https://creativecommons.org/licenses/sampling/1.0/", ""),
        ("https://creativecommons.org/publicdomain/zero/4.0/", ""),
        ("https://example.org/?next=https://creativecommons.org/licenses/by/4.0/", ""),
        ("https://creativecommons.org.example.org/licenses/by/4.0/", ""),
        ("", ""),
    ],
)
def test_spdx_of_url(url, expected):
    assert spdx_of_url(url) == expected
