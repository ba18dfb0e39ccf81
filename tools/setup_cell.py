# @title Setup: on Colab and Kaggle this fetches the course, elsewhere `make setup` has done it
import importlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the first import: TensorFlow is talkative

if {"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"} & os.environ.keys():
    folder, address = "album-cover-gans", "REPOSITORY_ADDRESS"
    if os.path.isdir(folder):
        subprocess.run(["git", "-C", folder, "pull", "--quiet"], check=False)  # offline, what is here will do
    else:
        partial = f"{folder}.partial"  # so that an interrupted clone is not taken for the course
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", address, partial], check=True)
        os.rename(partial, folder)
    # What is installed here stays as it is, only what is missing comes on top, with what it needs in turn
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "-e", f"./{folder}"], check=True)
    sys.path.insert(0, os.path.abspath(folder))
    present = {re.sub(r"[-_.]+", "-", str(found.name)).lower() for found in importlib.metadata.distributions()}
    needed = [line for line in importlib.metadata.requires("album-cover-gans") if "extra ==" not in line]
    missing = [line for line in needed if re.match(r"[\w.-]+", line)[0].lower() not in present]
    if missing:
        subprocess.run([*pip, *missing], check=True)
    importlib.invalidate_caches()
