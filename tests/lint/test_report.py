"""tests/report.py: that a test run cannot look better than it was."""
import importlib.util
import json

import pytest
import tree as trees

spec = importlib.util.spec_from_file_location('report', trees.ROOT / 'tests/report.py')
report = importlib.util.module_from_spec(spec)
spec.loader.exec_module(report)


@pytest.fixture
def results(tmp_path):
    def write(part, report_name, text):
        (tmp_path / f'{part}.seconds').write_text('3\n')
        (tmp_path / report_name).write_text(text)
        return report.read_part(tmp_path, part)
    return write


def meson_log(*runs):
    return '\n'.join(json.dumps({'name': f'x:unit / {name}', 'result': result, 'stdout': text})
                     for name, result, text in runs)


@pytest.mark.parametrize('result, text, passed, failed, skipped', [
    ('OK', '1..2\nok 1 - a\nok 2 - b\n# ok - tests\n', 2, 0, 0),
    ('FAIL', '1..2\nok 1 - a\nnot ok 2 - b\n# x.c:3: error: Failure!\n', 1, 1, 0),
    ('OK', '1..2\nok 1 - a\nno such locale\nnot ok 2 # SKIP b\n', 1, 0, 1),
    ('FAIL', '1..1\nok 1 - a\n', 1, 1, 0),  # a leak, found at its end
    ('ERROR', '', 0, 1, 0),  # killed before it said a word
    ('TIMEOUT', '1..2\nok 1 - a\n', 1, 1, 0),
    ('OK', '1..2\nok 1 - a\n', 1, 1, 0),  # left before the second
    ('OK', 'hello\n', 0, 1, 0),
    ('OK', '1..0\n', 0, 1, 0),
])
def test_programs(results, result, text, passed, failed, skipped):
    part = results('unit', 'unit.jsonl', meson_log(('base/x', result, text)))
    assert (part.passed, len(part.failed), len(part.skipped)) == (passed, failed, skipped)


def test_reason_of_a_skip(results):
    part = results('unit', 'unit.jsonl', meson_log(
        ('base/x', 'OK', '1..2\nok 1 - a\nno such locale\nnot ok 2 # SKIP b\n')))
    assert part.skipped == [('base/x: b', 'no such locale')]


def test_pytest(results):
    part = results('e2e', 'e2e.xml', '''<testsuites><testsuite>
        <testcase classname="t" name="good"/>
        <testcase classname="t" name="bad"><failure message="x"/></testcase>
        <testcase classname="t" name="broken"><error message="x"/></testcase>
        <testcase classname="t" name="not_here"><skipped message="needs root"/></testcase>
        </testsuite></testsuites>''')
    assert (part.passed, part.failed, part.skipped) == (
        1, ['t::bad', 't::broken'], [('t::not_here', 'needs root')])


@pytest.mark.parametrize('name, text', [
    ('e2e.xml', '<testsuites><testsuite/></testsuites>'),
    ('e2e.xml', '<testsuites'),
    ('e2e.jsonl', ''),
    ('e2e.jsonl', 'not json'),
    ('other.xml', ''),
])
def test_silence_is_no_success(results, name, text):
    assert len(results('e2e', name, text).failed) == 1


def test_only_skipped_is_no_success(results):
    part = results('e2e', 'e2e.xml', '<testsuite><testcase name="a"><skipped message="x"/></testcase></testsuite>')
    assert part.failed == ['e2e: ran no test']


def test_last_line_and_status(tmp_path, capsys):
    for part, text in (('one', '<testcase name="a"/><testcase name="b"/>'),
                       ('two', '<testcase name="c"><skipped message="x"/></testcase><testcase name="d"/>')):
        (tmp_path / f'{part}.seconds').write_text('0')
        (tmp_path / f'{part}.xml').write_text(f'<testsuite>{text}</testsuite>')
    assert report.main(['report', str(tmp_path), 'one']) == 0
    assert capsys.readouterr().out.split('\n')[-2] == '2 passed, 0 failed'
    assert report.main(['report', str(tmp_path), 'one', 'two']) == 0
    assert capsys.readouterr().out.split('\n')[-2] == '3 passed, 0 failed, 1 skipped'
    assert report.main(['report', str(tmp_path), 'one', 'three']) == 1
    assert capsys.readouterr().out.split('\n')[-2] == '2 passed, 1 failed'
