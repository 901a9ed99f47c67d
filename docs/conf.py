"""The site: pages of this folder, pages made from the package and copies of the repository's.

Build it with ``sphinx-build -W --keep-going -b html docs docs/_build/html``.
"""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "cytosig"
author = "The cytosig developers"
copyright = author
version = release = version_of("cytosig-toolkit")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "site_pages",
]
exclude_patterns = ["_build", "_ext", "**.ipynb_checkpoints"]
default_role = "py:obj"
smartquotes = False  # --option stays --option

# Docstrings: types stand in the signature, one parameter a line; sections are prose as written.
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autosummary_generate = False
maximum_signature_line_length = 70
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_custom_sections = ["Parameters", "Returns", "Raises"]

# Pages with code run when the site is built; tutorials are run elsewhere, and come with output.
nb_execution_mode = "auto"
nb_execution_excludepatterns = ["tutorials/*.ipynb"]
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

# Nothing is fetched to read a page.
html_math_renderer = "mathml"
html_theme = "sphinx_book_theme"
html_title = "cytosig"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_persistent": [],
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
}
