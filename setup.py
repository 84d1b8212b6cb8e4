"Packaging reads settings.ini; the wheel carries the chapter notebooks so that `supportbot run` finds them."
import shutil
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
config = ConfigParser()
config.read(ROOT / "settings.ini")
settings = config["DEFAULT"]


class BuildWithNotebooks(build_py):
    "Copies the chapters beside the modules that were exported from them."

    def run(self):
        super().run()
        target = Path(self.build_lib) / "supportbot_lib" / "chapters"
        target.mkdir(parents=True, exist_ok=True)
        for notebook in (ROOT / "nbs").glob("0[1-5]_*.ipynb"):
            shutil.copy(notebook, target)


setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    license="MIT",
    python_requires=f">={settings['min_python']}",
    install_requires=settings["requirements"].split(),
    extras_require={name: settings[f"{name}_requirements"].split() for name in ("ray", "bench", "fast")},
    packages=find_packages(include=["supportbot_lib", "supportbot_lib.*"]),
    package_data={"supportbot_lib": ["assets/**/*"]},
    entry_points={"console_scripts": [settings["console_scripts"]]},
    cmdclass={"build_py": BuildWithNotebooks},
)
