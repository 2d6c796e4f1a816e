"""The web page: the only part that imports Gradio.

Gradio reads these two variables when it is imported, so they are set here, before any module
of this package can import it. Nothing a visitor does is ever reported to anyone.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_RUN_HISTORY"] = "False"
