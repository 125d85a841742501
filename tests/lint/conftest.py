"""The rules are plain functions from a tree to a list of problems.  Each is tested on made-up trees, so
that it is known to find what it looks for, and then on this one."""
import pytest
import tree


@pytest.fixture
def made(tmp_path):
    """made({'src/base/x.c': text}) -> Tree"""
    return lambda files: tree.made_of(tmp_path, files)


@pytest.fixture(scope='session')
def ours():
    return tree.Tree()
