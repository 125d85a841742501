/*
 * Rows and meaning of the flags that every subcommand has.  See common_options.h.
 */
#include "cmd/common_options.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/file.h"
#include "base/terminal.h"

static const char *const log_formats[] = {"text", "json", NULL};
static const char *const color_modes[] = {"auto", "always", "never", NULL};

// clang-format off
const struct option_row common_rows[] = {
	{.name = "config", .letter = 'c', .type = &option_path, .offset = offsetof(struct common_opts, config), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "the configuration; else $SRE_TOOLKIT_CONFIG, ./sre-toolkit.yaml, ~/.config/sre-toolkit/config.yaml, /etc/sre-toolkit/config.yaml"},
	{.name = "output_file", .type = &option_path, .offset = offsetof(struct common_opts, output_file), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "write the results there, all at once at the end, instead of to stdout"},
	{.name = "deadline", .type = &option_duration, .offset = offsetof(struct common_opts, deadline_ms), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = INT64_MAX, .help = "deadline of the whole run; what was measured by then is printed, exit code 124"},
	{.name = "lock", .type = &option_path, .offset = offsetof(struct common_opts, lock), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "run only if nobody else holds this lock, else exit code 75"},
	{.name = "report", .type = &option_path, .offset = offsetof(struct common_opts, report), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "write the run report there, as JSON"},
	{.name = "verbose", .letter = 'v', .type = &option_count, .offset = offsetof(struct common_opts, verbose), .flags = OPTION_FLAG_ONLY,
	 .help = "say more; twice: still more"},
	{.name = "quiet", .letter = 'q', .type = &option_bool, .offset = offsetof(struct common_opts, is_quiet), .flags = OPTION_FLAG_ONLY,
	 .help = "say nothing but results and errors"},
	{.name = "log_file", .type = &option_path, .offset = offsetof(struct common_opts, log_file), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "append log lines there; only warnings and errors go to stderr too"},
	{.name = "log_format", .type = &option_choice, .offset = offsetof(struct common_opts, log_format), .flags = OPTION_FLAG_ONLY,
	 .def = "text", .choices = log_formats, .help = "log lines for people, or one JSON object a line"},
	{.name = "color", .type = &option_choice, .offset = offsetof(struct common_opts, color), .flags = OPTION_FLAG_ONLY,
	 .def = "auto", .choices = color_modes, .help = "colours in text output; auto: on terminals, unless $NO_COLOR is set"},
	{.name = "help", .letter = 'h', .type = &option_bool, .offset = offsetof(struct common_opts, is_help), .flags = OPTION_FLAG_ONLY,
	 .help = "show this help"},
	{.name = "version", .type = &option_bool, .offset = offsetof(struct common_opts, is_version), .flags = OPTION_FLAG_ONLY,
	 .help = "show the version"},
	{0},
};
// clang-format on

enum { STUCK_MS = 200 };

/* Whether a signal that ends us has come and waits to be read (loop/signals.h). */
static bool is_told_to_end(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 &&
	       (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
		       sigismember(&waiting, SIGHUP) == 1);
}

/* As long as it takes, as a pager may be at the other end; but not if we are to end. */
static int wait_for_reader(struct err *err)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

	while (poll(&fd, 1, STUCK_MS) == 0) {
		if (is_told_to_end()) {
			return err_set(err, ERR_BUSY, "nobody reads standard output");
		}
	}
	return 0; /* or poll(2) failed, and write(2) tells why */
}

/* By pieces that a pipe with a reader takes at once, so that only wait_for_reader() waits. */
static int write_stdout(struct str data, struct err *err)
{
	while (data.len > 0) {
		ssize_t n;

		if (wait_for_reader(err) < 0) {
			return -1;
		}
		n = write(STDOUT_FILENO, data.ptr, data.len < PIPE_BUF ? data.len : PIPE_BUF);
		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			continue;
		}
		if (n < 0 && errno == EPIPE) {
			return 0; /* the reader has seen enough */
		}
		if (n < 0) {
			return err_set_errno(err, errno, "writing to standard output");
		}
		data = str_sub(data, (size_t)n, data.len);
	}
	return 0;
}

int common_write_output(const struct common_opts *common, struct str data, struct err *err)
{
	if (common->output_file) {
		return file_write(common->output_file, data, 0666, err);
	}
	return write_stdout(data, err);
}

bool common_has_color(const struct common_opts *common)
{
	if (common->output_file && common->color == COLOR_AUTO) {
		return false;
	}
	return terminal_has_color(STDOUT_FILENO, (enum color_mode)common->color);
}

int common_width(const struct common_opts *common)
{
	return common->output_file ? 0 : terminal_width(STDOUT_FILENO);
}
