/*
 * The ssh that holds a connection.  See ssh_program.h.
 *
 * It runs no command itself (-N).  It says how far it is; when it says that it is in, and the
 * control socket is there, which is made after authentication in a folder of ours, the login is
 * open.  It is over when ssh is, whatever it says; only time, and a password that was not taken,
 * are our own reasons to end it.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/time.h"
#include "base/utf8.h"
#include "loop/child_reaper.h"
#include "net/ssh_host_key.h"
#include "net/ssh_host_words.h"
#include "net/ssh_names.h"
#include "net/ssh_program_internal.h"

enum {
	GRACE_MS = 2000, /* for ssh to say goodbye to the server */
	DEFAULT_ALIVE_MS = 5000,
	DEFAULT_ALIVE_COUNT = 3,
	LINE_SHOWN = 300,
	KNOWN_HOSTS_MAX = 16 * 1024 * 1024,
	ARGUMENTS_MAX = 48,
};

static void start(void *arg);

/* --- its life ------------------------------------------------------------------------------- */

static void login_destroy(struct ssh_program_login *login)
{
	ssh_program_leave(login->program);
	ssh_program_text_free(&login->text);
	if (login->password) {
		explicit_bzero(login->password, strlen(login->password));
	}
	free(login->password);
	free(login->name);
	free(login->control_path);
	free(login);
}

static void forget_password(struct ssh_program_login *login)
{
	if (login->password) {
		explicit_bzero(login->password, strlen(login->password));
	}
	freep(&login->password);
	login->password = NULL;
}

/* All that could call us. */
static void login_stop(struct ssh_program_login *login)
{
	timer_free(&login->deadline);
	deferred_free(&login->start);
	child_dismiss(&login->child, GRACE_MS);
}

static void login_finish(struct ssh_program_login *login, const struct ssh_end *end)
{
	login->has_ended = true;
	login_stop(login);
	(void)unlink(login->control_path); /* ssh may have been killed */
	login->is_held = true;
	while (login->first && !login->is_freed) {
		ssh_program_command_lose(login->first, end->text);
	}
	if (!login->is_freed) {
		login->is_freed = true; /* there is nothing to be freed any more */
		login->events.ended(login->arg, end);
	}
	login_destroy(login);
}

void ssh_program_login_free(struct ssh_program_login **login_ptr)
{
	struct ssh_program_login *login = TAKE(*login_ptr);

	if (!login || login->is_freed) {
		return;
	}
	login->is_freed = true;
	login_stop(login);
	while (login->first) {
		struct ssh_program_command *command = login->first;

		ssh_program_command_free(&command);
	}
	if (!login->is_held) {
		login_destroy(login);
	}
}

/* --- why it ended --------------------------------------------------------------------------- */

/* "[@marker] names type key [comment]" */
static void add_key_of_line(struct str line, struct strbuf *out)
{
	struct strbuf blob = STRBUF_INIT_MAX(LINE_SHOWN * 10);
	struct str word;

	(void)(str_word(&line, &word) && str_starts(word, "@") && str_word(&line, &word));
	if (str_word(&line, &word) && str_word(&line, &word) &&
		base64_decode(word, &blob, NULL) == 0 &&
		ssh_host_key_type(strbuf_str(&blob), &word)) {
		ssh_host_words_add_key(out, strbuf_str(&blob));
	}
	strbuf_release(&blob);
}

/* The key that stands in a line of known_hosts; what is there may have changed since. */
static void add_known_key(const struct ssh_program_finding *finding, struct strbuf *out)
{
	struct strbuf content = STRBUF_INIT_MAX(KNOWN_HOSTS_MAX);
	struct strbuf path = STRBUF_INIT;
	struct str rest, line = str_of("");

	strbuf_addstr(&path, finding->path);
	if (file_read(path.buf, FILE_REGULAR, KNOWN_HOSTS_MAX, &content, NULL) == 0) {
		rest = strbuf_str(&content);
		for (size_t i = 0; i < finding->line_number; i++) {
			line = str_of("");
			(void)(rest.ptr && str_line(&rest, &line));
		}
		add_key_of_line(line, out);
	}
	strbuf_release(&content);
	strbuf_release(&path);
}

static void add_host_key_text(const struct ssh_program_login *login,
	const struct ssh_program_finding *finding, struct strbuf *out)
{
	struct strbuf name = STRBUF_INIT, shown = STRBUF_INIT, known = STRBUF_INIT,
		      path = STRBUF_INIT;
	struct ssh_host_words words = {.alias = login->name,
		.port = login->port,
		.config_file = login->program->config_file,
		.line = finding->line_number};

	utf8_add_escaped(
		&name, finding->host.len > 0 ? finding->host : str_of(login->name), LINE_SHOWN);
	utf8_add_escaped(&shown, finding->key, LINE_SHOWN);
	utf8_add_escaped(&path, finding->path, LINE_SHOWN);
	words.name = name.buf;
	words.shown = shown.len > 0 ? shown.buf : NULL;
	words.path = path.len > 0 ? path.buf : NULL;
	if (finding->cause == SSH_END_HOST_KEY_UNKNOWN) {
		ssh_host_words_add_unknown(out, &words);
	} else if (finding->cause == SSH_END_HOST_KEY_REVOKED) {
		ssh_host_words_add_revoked(out, &words);
	} else {
		add_known_key(finding, &known);
		words.known = known.len > 0 ? known.buf : NULL;
		ssh_host_words_add_changed(out, &words);
	}
	strbuf_release(&name);
	strbuf_release(&shown);
	strbuf_release(&known);
	strbuf_release(&path);
}

static void add_end_text(const struct ssh_program_login *login,
	const struct ssh_program_finding *finding, struct strbuf *out)
{
	switch (finding->cause) {
	case SSH_END_HOST_KEY_UNKNOWN:
	case SSH_END_HOST_KEY_CHANGED:
	case SSH_END_HOST_KEY_REVOKED:
		add_host_key_text(login, finding, out);
		return;
	case SSH_END_NOT_SSH:
		strbuf_addf(out, "%s does not speak SSH: '", login->name);
		utf8_add_escaped(out, finding->line, LINE_SHOWN);
		strbuf_addc(out, '\'');
		return;
	case SSH_END_DNS:
	case SSH_END_REFUSED:
	case SSH_END_UNREACHABLE:
	case SSH_END_TIMEOUT:
	case SSH_END_DROPPED:
	case SSH_END_KEX:
	case SSH_END_AUTH:
	case SSH_END_CLOSED:
	case SSH_END_SILENT:
	case SSH_END_LOCAL:
		break;
	}
	strbuf_addf(out, "%s: ", login->name);
	if (finding->line.len > 0) {
		utf8_add_escaped(out, finding->line, LINE_SHOWN);
	} else {
		strbuf_adds(out, "ssh ended without a word");
	}
}

static void on_ssh_ended(void *arg, const struct child_exit *exit)
{
	struct ssh_program_login *login = arg;
	struct ssh_program_finding finding;
	struct strbuf text = STRBUF_INIT;

	ssh_program_text_judge(login->text, &finding);
	if (exit->outcome != CHILD_EXITED && finding.line.len == 0) {
		strbuf_addf(&text, "%s: ssh was ended by %s", login->name,
			child_signal_name(exit->term_signal));
	} else {
		add_end_text(login, &finding, &text);
	}
	if (login->is_open) {
		finding.phase = SSH_PHASE_OPEN;
	}
	login_finish(
		login, &(struct ssh_end){
			       .cause = finding.cause, .phase = finding.phase, .text = text.buf});
	strbuf_release(&text);
}

static void on_deadline(void *arg)
{
	struct ssh_program_login *login = arg;
	struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "gave up after ");
	time_add_duration(&text, login->connect_timeout_ms);
	strbuf_adds(&text, ": ");
	ssh_program_login_add_phase(login, &text);
	login_finish(login, &(struct ssh_end){.cause = SSH_END_TIMEOUT,
				    .phase = ssh_program_text_phase(login->text),
				    .text = text.buf});
	strbuf_release(&text);
}

static void end_auth(struct ssh_program_login *login, const char *why)
{
	char *text = xasprintf("%s: permission denied: %s", login->name, why);

	login_finish(login,
		&(struct ssh_end){.cause = SSH_END_AUTH, .phase = SSH_PHASE_AUTH, .text = text});
	free(text);
}

/* --- what it says --------------------------------------------------------------------------- */

static bool is_socket_there(const struct ssh_program_login *login)
{
	struct stat info;

	return lstat(login->control_path, &info) == 0 && S_ISSOCK(info.st_mode);
}

/* The helper was asked for a password by the process `pid`. */
static void answer_question(struct ssh_program_login *login, struct str pid)
{
	char *line;
	int64_t number = 0;

	if (parse_int(pid, 1, INT32_MAX, &number, NULL) < 0 || number != child_pid(login->child)) {
		end_auth(login, "a host on the way asks for a password");
	} else if (login->was_password_asked) {
		end_auth(login, "the password was not accepted");
	} else if (!login->password) {
		end_auth(login, "a password is asked for");
	} else {
		line = xasprintf("%s%s\n", login->program->mark, login->password);
		child_send(login->child, str_of(line));
		explicit_bzero(line, strlen(line));
		free(line);
		forget_password(login);
		login->was_password_asked = true;
	}
}

static void login_opened(struct ssh_program_login *login)
{
	login->is_open = true;
	timer_free(&login->deadline);
	child_end_input(login->child);
	forget_password(login);
	login->events.opened(login->arg);
}

/* At most one of them: what is told may free them all. */
static void tell_refusals(struct ssh_program_login *login)
{
	struct ssh_program_command *command = login->first;

	while (command && !ssh_program_command_check_refusal(command)) {
		command = ssh_program_command_next(command);
	}
}

static void on_ssh_said(void *arg, enum child_stream stream, struct str bytes)
{
	struct ssh_program_login *login = arg;
	struct str pid;

	(void)stream; /* it says nothing on the other */
	ssh_program_text_add(login->text, bytes);
	if (login->is_open) {
		tell_refusals(login);
		return;
	}
	if (ssh_program_text_take_mark(login->text, &pid)) {
		answer_question(login, pid);
	} else if (ssh_program_text_phase(login->text) == SSH_PHASE_OPEN &&
		   is_socket_there(login)) {
		login_opened(login);
	}
}

/* --- starting it ---------------------------------------------------------------------------- */

static int check_spec(
	const struct ssh_program *program, const struct ssh_program_spec *spec, struct err *err)
{
	if (ssh_names_check_host(spec->name, err) < 0) {
		return -1;
	}
	if (spec->address && !ssh_names_is_host(str_of(spec->address))) {
		return err_set(err, ERR_INPUT, "'%s' is no address",
			utf8_quote(str_of(spec->address)).text);
	}
	if (spec->username && ssh_names_check_plain_user(spec->username, err) < 0) {
		return -1;
	}
	if (spec->password && strpbrk(spec->password, "\r\n")) {
		return err_set(err, ERR_INPUT, "a password of more than one line");
	}
	if (spec->password && program->helper_fd < 0) {
		return err_set(err, ERR_SYSTEM,
			"ssh cannot be given a password: this system runs no programs in memory");
	}
	return 0;
}

/* Its command line, and what of it was made for it. */
struct arguments {
	const char *argv[ARGUMENTS_MAX];
	size_t count;
	char *texts[ARGUMENTS_MAX];
	size_t texts_count;
};

static void arguments_free(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->texts_count; i++) {
		free(arguments->texts[i]);
	}
}

static void add(struct arguments *arguments, const char *argument)
{
	assert(arguments->count < ARGUMENTS_MAX);
	arguments->argv[arguments->count++] = argument;
}

/* Takes the argument. */
static void add_made(struct arguments *arguments, char *argument)
{
	arguments->texts[arguments->texts_count++] = argument;
	add(arguments, argument);
}

static int64_t seconds(int64_t ms)
{
	return (ms + 999) / 1000;
}

static void fill_arguments(struct arguments *arguments, const struct ssh_program_login *login,
	const struct ssh_program_spec *spec)
{
	const struct ssh_program *program = login->program;
	int64_t alive_ms = spec->alive_interval_ms > 0 ? spec->alive_interval_ms : DEFAULT_ALIVE_MS;

	add(arguments, program->path);
	add(arguments, "-N");
	add(arguments, "-F");
	add(arguments, program->wrapper);
	add(arguments, "-oLogLevel=DEBUG2");
	add(arguments, "-oControlMaster=yes");
	add(arguments, "-oControlPersist=no");
	add_made(arguments, xasprintf("-oControlPath=%s", login->control_path));
	add_made(arguments, xasprintf("-oBatchMode=%s", spec->password ? "no" : "yes"));
	add_made(arguments,
		xasprintf("-oStrictHostKeyChecking=%s",
			program->accepts_new_host_keys || spec->accepts_new_host_keys ? "accept-new"
										      : "yes"));
	add_made(arguments,
		xasprintf("-oConnectTimeout=%lld", (long long)seconds(spec->connect_timeout_ms)));
	add_made(arguments, xasprintf("-oServerAliveInterval=%lld", (long long)seconds(alive_ms)));
	add_made(arguments,
		xasprintf("-oServerAliveCountMax=%d",
			spec->alive_count_max > 0 ? spec->alive_count_max : DEFAULT_ALIVE_COUNT));
	/* Of what comes with a session; nothing else is sent. */
	add(arguments, "-oSendEnv=*");
	if (spec->address) {
		add_made(arguments, xasprintf("-oHostName=%s", spec->address));
	}
	if (spec->username) {
		add(arguments, "-l");
		add(arguments, spec->username);
	}
	if (spec->port != 0) {
		add_made(arguments, xasprintf("-oPort=%u", spec->port));
	}
	add(arguments, "--");
	add(arguments, spec->name);
	add(arguments, NULL);
}

/* Ours, but for what is said of asking; new, free with free(). */
static const char **make_environment(char *const variables[2])
{
	size_t count = 0, kept = 0;
	const char **environment;

	while (environ[count]) {
		count++;
	}
	environment = xcalloc(count + 3, sizeof(*environment));
	for (size_t i = 0; i < count; i++) {
		if (!str_starts(str_of(environ[i]), "SSH_ASKPASS")) {
			environment[kept++] = environ[i];
		}
	}
	environment[kept++] = variables[0];
	environment[kept] = variables[1];
	return environment;
}

static int start_ssh(
	struct ssh_program_login *login, const struct ssh_program_spec *spec, struct err *err)
{
	static const struct child_streams streams = {.has_input = true, .output = on_ssh_said};
	char *askpass = xasprintf("SSH_ASKPASS=%s", login->program->helper_path);
	char force[] = "SSH_ASKPASS_REQUIRE=force";
	char *const variables[] = {askpass, force};
	const char **environment = make_environment(variables);
	struct arguments arguments = {.count = 0};
	const struct child_spec child = {
		.argv = arguments.argv,
		.env = environment,
		.streams = &streams,
		.dies_with_us = true,
		.drain_ms = 100,
	};
	int r;

	fill_arguments(&arguments, login, spec);
	r = child_start(login->program->loop, &child, on_ssh_ended, login, &login->child, err);
	arguments_free(&arguments);
	free(environment);
	free(askpass);
	return r;
}

struct ssh_program_login *ssh_program_login_open(struct ssh_program *program,
	const struct ssh_program_spec *spec, const struct ssh_session_events *events, void *arg)
{
	struct ssh_program_login *login = xcalloc(1, sizeof(*login));

	*login = (struct ssh_program_login){
		.program = program,
		.events = *events,
		.arg = arg,
		.name = xstrdup(spec->name),
		.port = spec->port,
		.password = spec->password ? xstrdup(spec->password) : NULL,
		.connect_timeout_ms = spec->connect_timeout_ms,
		.text = ssh_program_text_new(program->mark),
		.sessions_max = SSH_PROGRAM_SESSIONS,
	};
	program->logins++;
	login->control_path = xasprintf("%s/%llu", ssh_program_folder_path(program->folder),
		(unsigned long long)++program->logins_made);
	if (check_spec(program, spec, &login->start_error) < 0 ||
		ssh_program_refresh(program, &login->start_error) < 0 ||
		start_ssh(login, spec, &login->start_error) < 0) {
		login->start = loop_defer(program->loop, start, login);
		return login;
	}
	login->deadline = timer_add(program->loop, spec->connect_timeout_ms, on_deadline, login);
	return login;
}

/* --- the rest ------------------------------------------------------------------------------- */

/* What has been put off to the end of the turn. */
static void start(void *arg)
{
	struct ssh_program_login *login = arg;
	struct ssh_program_command *command;
	size_t running = 0;

	login->start = NULL;
	if (!login->child) {
		login_finish(login, &(struct ssh_end){.cause = SSH_END_LOCAL,
					    .phase = SSH_PHASE_LOOKUP,
					    .text = login->start_error.msg});
		return;
	}
	for (command = login->first; command; command = ssh_program_command_next(command)) {
		running += !ssh_program_command_is_waiting(command);
	}
	command = login->first;
	for (; command && running < login->sessions_max;
		command = ssh_program_command_next(command)) {
		if (ssh_program_command_is_waiting(command)) {
			ssh_program_command_begin(command);
			running++;
		}
	}
}

void ssh_program_login_turn(struct ssh_program_login *login)
{
	if (!login->start && !login->has_ended && !login->is_freed) {
		login->start = loop_defer(login->program->loop, start, login);
	}
}

void ssh_program_login_give_up(struct ssh_program_login *login)
{
	if (login->child) {
		child_kill_group(child_pid(login->child), SIGTERM); /* not reaped before we hear */
	}
}

bool ssh_program_login_is_open(const struct ssh_program_login *login)
{
	return login->is_open && !login->has_ended;
}

pid_t ssh_program_login_pid(const struct ssh_program_login *login)
{
	return login->child ? child_pid(login->child) : 0;
}

void ssh_program_login_add_phase(const struct ssh_program_login *login, struct strbuf *out)
{
	static const char *const phases[] = {
		[SSH_PHASE_LOOKUP] = "looking up",
		[SSH_PHASE_CONNECT] = "connecting to",
		[SSH_PHASE_GREETING] = "waiting for the greeting of",
		[SSH_PHASE_KEX] = "exchanging keys with",
		[SSH_PHASE_AUTH] = "authenticating to",
		[SSH_PHASE_OPEN] = "connected to",
	};

	strbuf_addf(out, "%s %s", phases[ssh_program_text_phase(login->text)], login->name);
}
