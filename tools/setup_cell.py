# @title Setup: on Colab and Kaggle this fetches the course, elsewhere `make setup` has done it
# @markdown On Colab, tick the box before you train, and your Google Drive keeps a copy of what you train.
import os
import shutil
import subprocess
import sys

SAVE_TO_DRIVE = False  # @param {type:"boolean"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the first import: TensorFlow is talkative
if {"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"} & os.environ.keys():
    folder, address = os.path.abspath("album-cover-gans"), "REPOSITORY_ADDRESS"
    partial = f"{folder}.partial"  # so that an interrupted clone is not taken for the course
    if os.path.isdir(folder):
        pulled = subprocess.run(["git", "-C", folder, "pull", "--quiet", "--ff-only"], capture_output=True)
        if not os.path.exists(f"{folder}/helpers/colab.py"):
            raise RuntimeError(f"{folder} is not this course, or too old: rename it and run this again.")
        if pulled.returncode:
            print("The course could not be updated, so it is used as it is here.")
    else:
        shutil.rmtree(partial, ignore_errors=True)
        command = ["git", "clone", "--quiet", "--depth", "1", address, partial]
        if (done := subprocess.run(command, capture_output=True, text=True)).returncode:
            reason = " ".join(done.stderr.split()).rstrip(".")
            switch = "on Kaggle, choose Settings > Internet on, then run this cell again"
            raise RuntimeError(f"The course could not be fetched ({reason}): {switch}.")
        os.rename(partial, folder)
    sys.path.insert(0, folder)
    from helpers import colab

    colab.set_up(folder, SAVE_TO_DRIVE)
