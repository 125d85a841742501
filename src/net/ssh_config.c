/*
 * Questions, the answers that several of them share, and the program that gives them.  See
 * ssh_config.h.
 */
#include "net/ssh_config.h"

#include <assert.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/time.h"
#include "base/utf8.h"
#include "loop/child.h"
#include "loop/program.h"
#include "net/ssh_config_file.h"
#include "net/ssh_names.h"
#include "net/ssh_tokens.h"

enum {
	RUNS_AT_ONCE = 4,
	OUTPUT_MAX = 256 * 1024,
	COMPLAINT_MAX = 4096,
	RUN_TIMEOUT_MS = 10000,
	LOOK_AGAIN_MS = 1000,
};

enum answer_state {
	ANSWER_WAITING, /* for its turn */
	ANSWER_RUNNING,
	ANSWER_READY,
	ANSWER_FAILED,
};

/* What ssh says of all hosts of a kind. */
struct answer {
	struct ssh_config *config;
	enum answer_state state;
	const char *key;  /* which hosts; user and port as asked */
	const char *name; /* of the host that is asked about */
	const char *user, *address;
	uint16_t port;
	bool is_shared;     /* with hosts of other names */
	bool is_no_example; /* we would not have guessed the host's name */
	bool is_outdated;   /* not in the map any more; goes with its last question */
	struct child *child;
	struct strbuf text;
	struct err err;
	size_t questions; /* that wait for it */
};

struct ssh_config_question {
	struct ssh_config *config;
	struct ssh_config_question *next, *previous;
	struct ssh_config_host host;
	ssh_config_fn *fn;
	void *arg;
	struct answer *answer;
	struct err err; /* without an answer: why */
};

struct ssh_config {
	struct loop *loop;
	struct arena *arena; /* what does not change */
	const char *file, *home, *username;
	const char *program; /* NULL: there is none */
	struct ssh_config_root roots[2];
	size_t roots_count;
	struct ssh_config_file *files;
	int64_t looked_ms; /* at the files */
	bool has_looked;
	struct map *answers;  /* key -> struct answer */
	struct map *unshared; /* signatures of which one host is no example for another */
	size_t running, runs;
	struct ssh_config_question *first, *last; /* in the order in which they were asked */
	struct deferred *telling;
};

static void tell_later(struct ssh_config *config);

/* --- the files ------------------------------------------------------------------------------ */

static void find_program(struct ssh_config *config, const struct ssh_config_options *options)
{
	const char *name = options->program ? options->program : "ssh";
	_cleanup_(freep) char *path = NULL;

	if (!options->has_no_program &&
		program_find(name, (const char *const *)environ, &path, NULL) == 0) {
		config->program = arena_strdup(config->arena, path);
	}
}

static void find_roots(struct ssh_config *config)
{
	const char *folder = arena_printf(config->arena, "%s/.ssh", config->home);

	if (config->file) {
		config->roots[config->roots_count++] =
			(struct ssh_config_root){config->file, folder};
		return;
	}
	config->roots[config->roots_count++] =
		(struct ssh_config_root){arena_printf(config->arena, "%s/config", folder), folder};
	config->roots[config->roots_count++] =
		(struct ssh_config_root){"/etc/ssh/ssh_config", "/etc/ssh"};
}

/* As ssh does, not by $HOME. */
static void find_user(struct ssh_config *config)
{
	char buffer[4096];
	struct passwd entry, *found = NULL;

	config->home = "/";
	config->username = "unknown";
	if (getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found) {
		config->home = arena_strdup(config->arena, found->pw_dir);
		config->username = arena_strdup(config->arena, found->pw_name);
	}
}

struct ssh_config *ssh_config_new(struct loop *loop, const struct ssh_config_options *options)
{
	struct ssh_config *config = xcalloc(1, sizeof(*config));

	*config = (struct ssh_config){
		.loop = loop,
		.arena = arena_new(),
		.answers = map_new(MAP_KEYS_COPIED),
		.unshared = map_new(MAP_KEYS_COPIED),
	};
	config->file = options->file ? arena_strdup(config->arena, options->file) : NULL;
	find_user(config);
	find_roots(config);
	find_program(config, options);
	return config;
}

static void answer_free(struct answer *answer)
{
	child_free(&answer->child);
	strbuf_release(&answer->text);
	free(answer);
}

/* Whoever waits for it still gets it. */
static void answer_forget(struct answer *answer)
{
	answer->is_outdated = true;
	if (answer->questions == 0) {
		if (answer->state == ANSWER_RUNNING) {
			answer->config->running--;
		}
		answer_free(answer);
	}
}

static void forget_answers(struct ssh_config *config)
{
	void *value;

	for (size_t pos = 0; map_next(config->answers, &pos, NULL, &value);) {
		answer_forget(value);
	}
	map_free(config->answers);
	map_free(config->unshared);
	config->answers = map_new(MAP_KEYS_COPIED);
	config->unshared = map_new(MAP_KEYS_COPIED);
}

void ssh_config_free(struct ssh_config **config_ptr)
{
	struct ssh_config *config = TAKE(*config_ptr);

	if (!config) {
		return;
	}
	assert(!config->first);
	forget_answers(config);
	map_free(config->answers);
	map_free(config->unshared);
	deferred_free(&config->telling);
	ssh_config_file_free(&config->files);
	arena_free(config->arena);
	free(config);
}

size_t ssh_config_runs(const struct ssh_config *config)
{
	return config->runs;
}

/* The files as they are; looked at once a second at most. */
static int look_at_files(struct ssh_config *config, struct err *err)
{
	int64_t now_ms = loop_now_ms(config->loop);
	struct ssh_config_file *files = NULL;

	if (config->has_looked && now_ms - config->looked_ms < LOOK_AGAIN_MS) {
		return 0;
	}
	if (!config->files || ssh_config_file_has_changed(config->files)) {
		if (ssh_config_file_read(
			    config->roots, config->roots_count, config->home, &files, err) < 0) {
			return -1;
		}
		ssh_config_file_free(&config->files);
		config->files = files;
		forget_answers(config);
	}
	config->looked_ms = now_ms;
	config->has_looked = true;
	return 0;
}

/* --- names, which differ where all else is the same ----------------------------------------- */

static void add_lower(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		strbuf_addc(out, char_lower(*text));
	}
}

/* What HostName makes of a name, in lower case; false if we cannot say. */
static bool add_hostname(const struct ssh_config *config, const char *name, struct strbuf *out)
{
	const struct ssh_tokens tokens = {
		.alias = name, .hostname = name, .user = "", .local_user = ""};
	struct strbuf text = STRBUF_INIT;
	struct str value = str_of("%h");
	bool is_known;

	(void)ssh_config_file_hostname(config->files, name, &value);
	is_known = ssh_tokens_expand(value, &tokens, &text, NULL) == 0;
	add_lower(out, text.buf);
	strbuf_release(&text);
	return is_known;
}

/* The first host of a kind shows whether we can tell the names of the others. */
static bool is_good_example(const struct ssh_config *config, const struct answer *answer)
{
	struct ssh_settings_context context = {.alias = answer->name, .username = ""};
	struct strbuf hostname = STRBUF_INIT;
	struct arena *arena = arena_new();
	struct ssh_settings settings;
	bool is_good = (answer->address || add_hostname(config, answer->name, &hostname)) &&
		       ssh_settings_read(
			       strbuf_str(&answer->text), &context, arena, &settings, NULL) == 0 &&
		       (answer->address || strcmp(settings.hostname, hostname.buf) == 0);

	arena_free(arena);
	strbuf_release(&hostname);
	return is_good;
}

/* --- one run of ssh ------------------------------------------------------------------------- */

static void run_waiting(struct ssh_config *config);

/* The last line that ssh said. */
static struct str complaint(const struct strbuf *stderr_text)
{
	struct str rest = str_trim(strbuf_str(stderr_text)), line, last = str_of("");

	while (rest.len > 0 && str_line(&rest, &line)) {
		last = line;
	}
	return last;
}

static void fail(struct answer *answer, enum err_code code, const char *why)
{
	answer->state = ANSWER_FAILED;
	err_set(&answer->err, code, "ssh -G %s: %s", utf8_quote(str_of(answer->name)).text, why);
}

static void judge_exit(struct answer *answer, const struct child_exit *exit)
{
	struct strbuf text = STRBUF_INIT;

	if (exit->outcome == CHILD_TIMED_OUT || exit->outcome == CHILD_STUCK) {
		fail(answer, ERR_TIMEOUT, "gave up after 10 s");
	} else if (exit->outcome == CHILD_SIGNALED) {
		fail(answer, ERR_SYSTEM, child_signal_name(exit->term_signal));
	} else if (exit->exit_code != 0) {
		utf8_add_escaped(&text, complaint(exit->err), 300);
		fail(answer, ERR_INPUT, text.len > 0 ? text.buf : "failed");
	} else if (exit->out->dropped_bytes > 0) {
		fail(answer, ERR_LIMIT, "said too much");
	} else {
		answer->state = ANSWER_READY;
		strbuf_addstr(&answer->text, strbuf_str(exit->out));
		if (answer->is_shared && !is_good_example(answer->config, answer)) {
			answer->is_shared = false;
			answer->is_no_example = true;
			(void)map_set(answer->config->unshared, str_of(answer->key), answer);
		}
	}
	strbuf_release(&text);
}

static void on_exit_of_ssh(void *arg, const struct child_exit *exit)
{
	struct answer *answer = arg;
	struct ssh_config *config = answer->config;

	judge_exit(answer, exit);
	child_free(&answer->child);
	config->running--;
	run_waiting(config);
	tell_later(config);
}

static void run(struct answer *answer)
{
	struct ssh_config *config = answer->config;
	char port[8];
	struct strbuf hostname = STRBUF_INIT;
	const char *argv[14] = {config->program, "-G"};
	size_t count = 2;
	const struct child_spec spec = {
		.argv = argv,
		.env = (const char *const *)environ,
		.stdout_max = OUTPUT_MAX,
		.stderr_max = COMPLAINT_MAX,
		.timeout_ms = RUN_TIMEOUT_MS,
		.drain_ms = 100,
	};

	if (config->file) {
		argv[count++] = "-F";
		argv[count++] = config->file;
	}
	if (answer->user) {
		argv[count++] = "-l";
		argv[count++] = answer->user;
	}
	if (answer->port != 0) {
		(void)snprintf(port, sizeof(port), "%u", answer->port);
		argv[count++] = "-p";
		argv[count++] = port;
	}
	if (answer->address) {
		strbuf_adds(&hostname, "HostName=");
		ssh_tokens_add_escaped(&hostname, answer->address);
		argv[count++] = "-o";
		argv[count++] = hostname.buf;
	}
	argv[count++] = "--";
	argv[count] = answer->name;
	answer->state = ANSWER_RUNNING;
	config->running++;
	config->runs++;
	if (child_start(config->loop, &spec, on_exit_of_ssh, answer, &answer->child, &answer->err) <
		0) {
		answer->state = ANSWER_FAILED;
		config->running--;
		tell_later(config);
	}
	strbuf_release(&hostname);
}

static void run_waiting(struct ssh_config *config)
{
	struct ssh_config_question *question = config->first;

	for (; question && config->running < RUNS_AT_ONCE; question = question->next) {
		if (question->answer && question->answer->state == ANSWER_WAITING) {
			run(question->answer);
		}
	}
}

/* Without ssh: our own reader says what it would. */
static void answer_by_reader(struct answer *answer)
{
	if (answer->user) {
		strbuf_addf(&answer->text, "user %s\n", answer->user);
	}
	if (answer->port != 0) {
		strbuf_addf(&answer->text, "port %u\n", answer->port);
	}
	ssh_config_file_add_lines(answer->config->files,
		&(struct ssh_config_name){.alias = answer->name, .address = answer->address},
		&answer->text);
	answer->state = ANSWER_READY;
}

/* --- questions ------------------------------------------------------------------------------ */

static bool has_ticket(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/krb5cc_%u", (unsigned)getuid());
	return getenv("KRB5CCNAME") || access(path, F_OK) == 0;
}

static struct ssh_settings_context context_of(const struct ssh_config_question *question)
{
	const struct ssh_config *config = question->config;

	return (struct ssh_settings_context){
		.alias = question->host.name,
		.home = config->home,
		.username = config->username,
		.agent_socket = getenv("SSH_AUTH_SOCK"),
		.has_ticket = has_ticket(),
	};
}

/* sk keys need a touch, which only ssh can ask for; where all there are are such, ssh it is. */
static bool has_only_sk_keys(const struct ssh_settings *settings)
{
	size_t keys = 0, sk_keys = 0;

	for (const char *const *path = settings->identity_files; *path; path++) {
		struct strbuf public_path = STRBUF_INIT;
		char begin[4] = "";
		FILE *file;

		strbuf_addf(&public_path, "%s.pub", *path);
		file = access(*path, R_OK) == 0 ? fopen(public_path.buf, "re") : NULL;
		keys += access(*path, R_OK) == 0;
		if (file) {
			sk_keys += fgets(begin, sizeof(begin), file) && strcmp(begin, "sk-") == 0;
			(void)fclose(file);
		}
		strbuf_release(&public_path);
	}
	return keys > 0 && keys == sk_keys;
}

static void question_unlink(struct ssh_config_question *question)
{
	struct ssh_config *config = question->config;

	*(question->previous ? &question->previous->next : &config->first) = question->next;
	*(question->next ? &question->next->previous : &config->last) = question->previous;
}

/* It waits for nothing any more. */
static void release_answer(struct ssh_config_question *question)
{
	struct answer *answer = TAKE(question->answer);

	if (answer) {
		answer->questions--;
		if (answer->is_outdated) {
			answer_forget(answer);
		}
	}
}

void ssh_config_question_free(struct ssh_config_question **question_ptr)
{
	struct ssh_config_question *question = TAKE(*question_ptr);

	if (!question) {
		return;
	}
	question_unlink(question);
	release_answer(question);
	free(question);
}

static void tell_settings(struct ssh_config_question *question, const struct answer *answer)
{
	const struct ssh_config *config = question->config;
	struct ssh_settings_context context = context_of(question);
	struct arena *own = question->host.arena ? NULL : arena_new();
	struct arena *arena = own ? own : question->host.arena;
	struct ssh_settings *settings = arena_alloc(arena, sizeof(*settings));
	struct strbuf hostname = STRBUF_INIT;
	struct err err = {0};

	if (question->host.address) {
		context.hostname = question->host.address;
	} else if ((answer->is_shared || !config->program) &&
		   add_hostname(config, question->host.name, &hostname)) {
		context.hostname = hostname.buf;
	}
	if (ssh_settings_read(strbuf_str(&answer->text), &context, arena, settings, &err) < 0) {
		question->fn(question->arg, NULL, &err);
	} else {
		settings->config_file = config->file;
		if (!settings->needs_openssh && has_only_sk_keys(settings)) {
			settings->needs_openssh = "security keys";
		}
		question->fn(question->arg, settings, NULL);
	}
	strbuf_release(&hostname);
	arena_free(own);
}

static void assign(struct ssh_config_question *question);

/* False: it waits on, for an answer of its own. */
static bool tell(struct ssh_config_question *question)
{
	struct answer *answer = question->answer;

	if (answer && answer->is_no_example && strcmp(answer->name, question->host.name) != 0) {
		release_answer(question);
		assign(question);
		return false;
	}
	if (!answer) {
		question->fn(question->arg, NULL, &question->err);
	} else if (answer->state == ANSWER_FAILED) {
		question->fn(question->arg, NULL, &answer->err);
	} else {
		tell_settings(question, answer);
	}
	return true;
}

static bool is_answered(const struct ssh_config_question *question)
{
	return !question->answer || question->answer->state == ANSWER_READY ||
	       question->answer->state == ANSWER_FAILED;
}

/* One in each turn of the loop: whoever is told may free others. */
static void on_telling(void *arg)
{
	struct ssh_config *config = arg;
	struct ssh_config_question *question = config->first;

	config->telling = NULL;
	while (question && !is_answered(question)) {
		question = question->next;
	}
	if (!question) {
		return;
	}
	tell_later(config);
	if (tell(question)) {
		ssh_config_question_free(&question);
	}
}

static void tell_later(struct ssh_config *config)
{
	if (!config->telling) {
		config->telling = loop_defer(config->loop, on_telling, config);
	}
}

static void add_key(struct ssh_config *config, const struct ssh_config_host *host,
	struct strbuf *key, bool *is_shared)
{
	const struct ssh_config_name name = {.alias = host->name, .address = host->address};

	strbuf_addf(key, "%s\n%u\n%d\n", host->user ? host->user : "", host->port,
		host->address != NULL);
	*is_shared = ssh_config_file_add_signature(config->files, &name, key) &&
		     !map_has(config->unshared, strbuf_str(key));
	if (!*is_shared || !config->program) {
		*is_shared = false;
		strbuf_addf(key, "\n%s\n%s", host->name, host->address ? host->address : "");
	}
}

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static char *copy(char **room, const char *text)
{
	char *copied = text ? memcpy(*room, text, size_of(text)) : NULL;

	*room += size_of(text);
	return copied;
}

static struct answer *answer_new(struct ssh_config *config, const struct ssh_config_host *host,
	const char *key, bool is_shared)
{
	size_t texts_size =
		size_of(host->name) + size_of(host->user) + size_of(host->address) + size_of(key);
	struct answer *answer = xcalloc(1, sizeof(*answer) + texts_size);
	char *room = (char *)(answer + 1);

	*answer = (struct answer){
		.config = config,
		.port = host->port,
		.is_shared = is_shared,
		.text = STRBUF_INIT,
		.name = copy(&room, host->name),
		.user = copy(&room, host->user),
		.address = copy(&room, host->address),
		.key = copy(&room, key),
	};
	return answer;
}

/* Give the question the answer that is there, or have one made. */
static void assign(struct ssh_config_question *question)
{
	struct ssh_config *config = question->config;
	struct strbuf key = STRBUF_INIT;
	struct answer *answer;
	bool is_shared;

	add_key(config, &question->host, &key, &is_shared);
	answer = map_get(config->answers, strbuf_str(&key));
	if (!answer) {
		answer = answer_new(config, &question->host, key.buf, is_shared);
		(void)map_set(config->answers, strbuf_str(&key), answer);
		if (!config->program) {
			answer_by_reader(answer);
		}
	}
	strbuf_release(&key);
	question->answer = answer;
	answer->questions++;
	run_waiting(config);
	tell_later(config);
}

static int check_host(const struct ssh_config_host *host, struct err *err)
{
	if (ssh_names_check_host(host->name, err) < 0) {
		return -1;
	}
	if (host->address && !ssh_names_is_host(str_of(host->address))) {
		return err_set(err, ERR_INPUT, "'%s' is no address of a host",
			utf8_quote(str_of(host->address)).text);
	}
	return host->user ? ssh_names_check_user(host->user, err) : 0;
}

struct ssh_config_question *ssh_config_ask(
	struct ssh_config *config, const struct ssh_config_host *host, ssh_config_fn *fn, void *arg)
{
	struct ssh_config_question *question = xcalloc(1, sizeof(*question));

	*question = (struct ssh_config_question){
		.config = config, .host = *host, .fn = fn, .arg = arg, .previous = config->last};
	*(config->last ? &config->last->next : &config->first) = question;
	config->last = question;
	if (check_host(host, &question->err) < 0 || look_at_files(config, &question->err) < 0) {
		tell_later(config);
		return question;
	}
	assign(question);
	return question;
}
