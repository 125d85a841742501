"""Interactive shells that say what a TAB would offer.

bash and zsh run on a pseudo-terminal with a key bound to "write down what there is to choose from"; the
answer comes through a named pipe, so that nobody has to look at a screen or to wait and hope.  fish can
be asked.
"""
import os
import pathlib
import pty
import select
import signal
import subprocess
import tempfile
import threading

ANSWER_SECONDS = 60


class Terminal:
    """A shell on a pseudo-terminal, in `folder`, and the pipe by which it answers."""

    def __init__(self, argv, setup, folder):
        self.home = tempfile.TemporaryDirectory()
        home = pathlib.Path(self.home.name)
        os.mkfifo(home / 'answers')
        (home / 'setup').write_text(setup)
        self.answers = os.open(home / 'answers', os.O_RDWR | os.O_NONBLOCK)
        self.pid, self.tty = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, {'PATH': os.environ['PATH'], 'HOME': str(home), 'TERM': 'dumb',
                                       'LC_ALL': 'C.UTF-8', 'ANSWERS': str(home / 'answers')})
        # What it shows is of no interest, but it must not wait for somebody to read it.
        threading.Thread(target=self._discard, daemon=True).start()
        self.ask('source ~/setup\n')

    def _discard(self):
        try:
            while os.read(self.tty, 65536):
                pass
        except OSError:  # the shell is gone
            pass

    def ask(self, keys):
        """Type; returns the lines of the answer."""
        os.write(self.tty, keys.encode())
        text = b''
        while not text.endswith(b'END\n'):
            if not select.select([self.answers], [], [], ANSWER_SECONDS)[0]:
                raise TimeoutError(f'no answer to {keys!r}; so far: {text!r}')
            text += os.read(self.answers, 65536)
        return text.decode().split('\n')[:-2]

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.tty)
        os.close(self.answers)
        self.home.cleanup()


class Bash:
    """Readline puts all completions into the line (M-*), then a key writes the line down."""

    SETUP = '''
        source {script}
        answer() {{
            printf '%s\\nEND\\n' "$READLINE_LINE" >"$ANSWERS"
            READLINE_LINE=
        }}
        bind -x '"\\C-t": answer'
        echo END >"$ANSWERS"
    '''

    def __init__(self, script, program, folder):
        self.terminal = Terminal(['bash', '--norc', '--noprofile', '-i'], self.SETUP.format(script=script), folder)
        self.close = self.terminal.close

    def line_after(self, line, key='\t'):
        return self.terminal.ask(f'{line}{key}\x14')[0]

    def complete(self, line):
        """What can stand in place of the last word: {'--help', ...}."""
        kept = line[:max(line.rfind(c) for c in ' =:') + 1]
        after = self.line_after(line, '\x1b*')
        assert after.startswith(kept), after
        return set() if after == line else set(after[len(kept):].split())


class Zsh:
    """Every candidate goes through compadd, which is listened to."""

    SETUP = '''
        fpath=(~/functions $fpath)
        mkdir ~/functions && cp {script} ~/functions/_{program}
        autoload -Uz compinit && compinit -u -d ~/.zcompdump
        typeset -ga found
        compadd() {{
            local -a words
            if (( ! ${{argv[(I)-(O|A|D)]}} )); then
                builtin compadd -O words "$@"
                found+=("${{words[@]}}")
            fi
            builtin compadd "$@"
        }}
        answer() {{
            found=()
            zle list-choices
            print -rl -- $found END >$ANSWERS
            BUFFER=
        }}
        zle -N answer
        bindkey '^T' answer
        print END >$ANSWERS
    '''

    def __init__(self, script, program, folder):
        setup = self.SETUP.format(script=script, program=program)
        self.terminal = Terminal(['zsh', '-f', '-i'], setup, folder)
        self.close = self.terminal.close

    def complete(self, line):
        return {word.rstrip('=') if word.startswith('--') else word
                for word in self.terminal.ask(f'{line}\x14')}


class Fish:
    def __init__(self, script, program, folder):
        self.script = script
        self.folder = folder

    def complete(self, line):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                ['fish', '--no-config', '-c', f'source {self.script}; complete -C $argv[1]', line],
                cwd=self.folder, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True,
                env={'PATH': os.environ['PATH'], 'HOME': home, 'LC_ALL': 'C.UTF-8'})
        assert done.stderr == ''
        words = [answer.split('\t')[0] for answer in done.stdout.split('\n') if answer]
        last = line.split(' ')[-1]
        flag = last[:last.find('=') + 1]
        return {word[len(flag):].rstrip('/') if '://' not in word else word[len(flag):] for word in words}

    def close(self):
        pass


SHELLS = {'bash': Bash, 'zsh': Zsh, 'fish': Fish}
