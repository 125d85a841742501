/*
 * Showing a selection and asking for its size.  See server_guard.h.
 */
#include "cmd/server_guard.h"

#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/exit_code.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/prompt.h"

enum { SHOWN_MAX = 400 };

static const char *noun(size_t count)
{
	return count == 1 ? "server" : "servers";
}

static void show(const struct server_selection *selection)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct str folded = str_of(selection->folded);
	size_t kept = 0;

	strbuf_addf(&text, "%zu %s: ", selection->hosts_count, noun(selection->hosts_count));
	if (folded.len <= SHOWN_MAX) {
		strbuf_addstr(&text, folded);
	} else { /* up to where a name ends */
		for (size_t at = 0; at < SHOWN_MAX; at = str_find(folded, ',', at + 1)) {
			kept = at;
		}
		strbuf_addstr(&text, str_sub(folded, 0, kept > 0 ? kept : SHOWN_MAX));
		strbuf_adds(&text, ", ... (--list shows all)");
	}
	strbuf_addc(&text, '\n');
	if (selection->set.repeats > 0) {
		server_add_repeats(&text, selection);
		strbuf_addc(&text, '\n');
	}
	(void)file_write_all(STDERR_FILENO, strbuf_str(&text)); /* nobody else to tell */
}

/* Ctrl-C is an answer, too. */
static void on_interrupt(int signo)
{
	static const char text[] = "\nnothing was done\n";

	(void)signo;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
		/* Nobody else to tell. */
	}
	_exit(EXIT_CODE_INTERRUPTED);
}

static int ask_interruptible(const char *question, struct strbuf *ret_answer, struct err *err)
{
	const struct sigaction ours = {.sa_handler = on_interrupt};
	struct sigaction before;
	int status;

	(void)sigaction(SIGINT, &ours, &before); /* cannot fail */
	if (before.sa_handler == SIG_IGN) {
		(void)sigaction(SIGINT, &before, NULL);
	}
	status = prompt_line(question, ret_answer, err);
	(void)sigaction(SIGINT, &before, NULL);
	return status;
}

static int ask(const struct guard_opts *opts, size_t count, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf answer = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf question = STRBUF_INIT;
	int64_t typed = 0;

	strbuf_addf(&question, "That is more than %lld. To go on, type how many servers it is: ",
		(long long)opts->confirm_over);
	if (ask_interruptible(question.buf, &answer, err) < 0) {
		return err_wrap(err, "nothing was done");
	}
	if (parse_int(str_trim(strbuf_str(&answer)), 0, INT64_MAX, &typed, NULL) < 0 ||
		typed != (int64_t)count) {
		return err_set(err, ERR_INPUT, "that is not the number; nothing was done");
	}
	return 0;
}

int server_guard(const struct guard_opts *opts, const struct common_opts *common,
	const struct server_selection *selection, bool is_harmless, struct err *err)
{
	size_t count = selection->hosts_count;

	if (!common->is_quiet) {
		show(selection);
	}
	if (opts->max_hosts > 0 && (int64_t)count > opts->max_hosts) {
		return err_set(err, ERR_INPUT, "%zu %s, and --max-hosts allows %lld", count,
			noun(count), (long long)opts->max_hosts);
	}
	if (is_harmless || opts->is_yes || (int64_t)count <= opts->confirm_over) {
		return 0;
	}
	if (!prompt_is_possible()) {
		return err_set(err, ERR_INPUT,
			"%zu %s are more than --confirm-over %lld, and there is nobody to ask: say "
			"--yes if it is meant",
			count, noun(count), (long long)opts->confirm_over);
	}
	return ask(opts, count, err);
}
