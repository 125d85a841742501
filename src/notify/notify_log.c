/*
 * The kind `log`: a line of this program's own log for each alert.
 *
 * It always works, and so is where alerts go that have nowhere else to go.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "notify/notifier.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

enum { GROUP_MAX = 100, LINE_MAX = 4096 };

enum level_choice { LEVEL_AUTO, LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

struct log_opts {
	int level; /* enum level_choice */
};

static const char *const level_names[] = {"auto", "error", "warning", "info", "debug", NULL};

// clang-format off
static const struct option_row log_rows[] = {
	{.name = "log", .type = &option_choice, .offset = offsetof(struct log_opts, level), .def = "auto", .choices = level_names,
	 .flags = OPTION_VARIANT_KEY,
	 .help = "level of its lines; auto: error for critical, warning for warning, else info"},
	{0},
};
// clang-format on

static const char *log_target(const void *opts, struct arena *arena)
{
	(void)opts;
	(void)arena;
	return "this program's log";
}

/* All its lines as one. */
static void add_one_line(struct str text, struct strbuf *out)
{
	struct str line;
	bool is_first = true;

	while (str_line(&text, &line)) {
		line = str_trim(line);
		if (line.len > 0) {
			strbuf_adds(out, is_first ? "" : "; ");
			strbuf_addstr(out, line);
			is_first = false;
		}
	}
}

static void add_facts(
	const struct notification *notification, struct arena *arena, struct strbuf *out)
{
	struct pairs facts;

	notify_list_facts(notification, notification->alerts[0], arena, &facts);
	for (size_t i = 0; i < facts.items_count; i++) {
		strbuf_addf(out, "; %s: ", facts.items[i].name);
		add_one_line(str_of(facts.items[i].value), out);
	}
}

static int log_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;

	(void)err;
	notify_add_title(receiver, notification, &title);
	notify_add_text(receiver, notification, &text);
	add_one_line(strbuf_str(&title), &line);
	if (text.len > 0) {
		strbuf_adds(&line, ": ");
		add_one_line(strbuf_str(&text), &line);
	}
	if (notification->alerts_count == 1) {
		add_facts(notification, arena, &line);
	}
	notify_add_cut(strbuf_str(&line), LINE_MAX, &body);
	*ret_message = (struct notify_message){
		.method = "LOG",
		.url = "",
		.body = str_n(arena_strndup(arena, body.buf, body.len), body.len),
	};
	return 0;
}

static enum log_level level_of(const struct log_opts *opts, const struct notification *notification)
{
	switch ((enum level_choice)opts->level) {
	case LEVEL_ERROR:
		return LOG_LEVEL_ERROR;
	case LEVEL_WARNING:
		return LOG_LEVEL_WARN;
	case LEVEL_INFO:
		return LOG_LEVEL_INFO;
	case LEVEL_DEBUG:
		return LOG_LEVEL_DEBUG;
	case LEVEL_AUTO:
		break;
	}
	if (notification_is_good(notification) || notification->severity == SEVERITY_INFO) {
		return LOG_LEVEL_INFO;
	}
	return notification->severity == SEVERITY_CRITICAL ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN;
}

static void log_start(struct notify_run *run)
{
	const struct log_context context = {.component = "alert"};
	const enum log_level level = level_of(run->receiver->opts, run->notification);
	const struct delivery_result result = {
		.outcome = DELIVERY_ARRIVED,
		.retry_after_ms = -1,
		.text = log_is_on(level)
				? "logged"
				: "kept in the store; the log shows it with -v or --log-file",
	};
	const struct str line = run->message.body;

	switch (level) {
	case LOG_LEVEL_ERROR:
		log_error(&context, "%.*s", STR_ARG(line));
		break;
	case LOG_LEVEL_WARN:
		log_warn(&context, "%.*s", STR_ARG(line));
		break;
	case LOG_LEVEL_INFO:
		log_info(&context, "%.*s", STR_ARG(line));
		break;
	case LOG_LEVEL_DEBUG:
		log_debug(&context, "%.*s", STR_ARG(line));
		break;
	}
	notify_done(run, &result);
}

const struct notifier_kind notify_log = {
	.variant =
		{
			.name = "log",
			.summary = "the log of this program",
			.rows = log_rows,
			.opts_size = sizeof(struct log_opts),
			.object = &notify_log,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS | NOTIFIER_LOCAL,
	.group_max = GROUP_MAX,
	.target = log_target,
	.compose = log_compose,
	.start = log_start,
};
