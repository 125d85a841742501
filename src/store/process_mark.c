/*
 * Who a process is, from /proc.  See process_mark.h.
 */
#include "store/process_mark.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/host_name.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum {
	STAT_MAX = 4096,
	STARTED_FIELD = 22, /* of proc(5), counted from 1 */
	NAME_FIELD = 2,
};

/* The name of the program stands in brackets and may hold anything, brackets too. */
int process_stat_parse(struct str text, char *ret_state, int64_t *ret_started)
{
	const char *bracket = memrchr(text.ptr, ')', text.len);
	struct str state = str_n("", 0);
	struct str rest;
	struct str word;

	if (!bracket) {
		return -1;
	}
	rest = str_sub(text, (size_t)(bracket - text.ptr) + 1, text.len);
	for (int field = NAME_FIELD + 1; field <= STARTED_FIELD; field++) {
		if (!str_word(&rest, &word)) {
			return -1;
		}
		if (field == NAME_FIELD + 1) {
			state = word;
		}
	}
	if (state.len != 1 || !char_is_alpha(state.ptr[0]) ||
		parse_int(word, 0, INT64_MAX, ret_started, NULL) < 0) {
		return -1;
	}
	*ret_state = state.ptr[0];
	return 0;
}

static int read_stat(int64_t pid, char *ret_state, int64_t *ret_started)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	if (file_read(path, FILE_REGULAR, STAT_MAX, &text, NULL) < 0) {
		return -1;
	}
	return process_stat_parse(strbuf_str(&text), ret_state, ret_started);
}

static void find_host(char *ret_host, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf shown = STRBUF_INIT;
	const struct host_name host = host_name_get();

	utf8_add_escaped(&shown, str_of(host.text), size - 1);
	(void)snprintf(ret_host, size, "%s", shown.buf);
}

static void find_boot(char *ret_boot, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf boot = STRBUF_INIT;
	char space[40] = "";
	const ssize_t len = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);

	if (file_read("/proc/sys/kernel/random/boot_id", FILE_REGULAR, 64, &boot, NULL) < 0) {
		ret_boot[0] = '\0';
		return;
	}
	strbuf_rtrim(&boot);
	(void)snprintf(ret_boot, size, "%s %s", boot.buf, len > 0 ? space : "?");
}

void process_mark_self(struct process_mark *ret_mark)
{
	char state;

	ret_mark->pid = getpid();
	ret_mark->started = -1;
	find_host(ret_mark->host, sizeof(ret_mark->host));
	find_boot(ret_mark->boot, sizeof(ret_mark->boot));
	(void)read_stat(ret_mark->pid, &state, &ret_mark->started); /* stays -1 */
}

static enum process_fate local_fate(const struct process_mark *other)
{
	int64_t started;
	char state;

	/* The number may be hidden in /proc (hidepid), but not from kill(). */
	if (other->pid <= 0 || (kill((pid_t)other->pid, 0) < 0 && errno == ESRCH)) {
		return PROCESS_GONE;
	}
	if (read_stat(other->pid, &state, &started) < 0) {
		return PROCESS_ALIVE;
	}
	if (state == 'Z' || state == 'X') {
		return PROCESS_GONE; /* only its parent has not looked yet */
	}
	return other->started >= 0 && other->started != started ? PROCESS_GONE : PROCESS_ALIVE;
}

/* The id of the boot, without what follows. */
static struct str boot_of(const struct process_mark *mark)
{
	const struct str boot = str_of(mark->boot);

	return str_sub(boot, 0, str_find(boot, ' ', 0));
}

enum process_fate process_mark_fate(
	const struct process_mark *self, const struct process_mark *other)
{
	const bool is_same_boot = str_eq(boot_of(self), boot_of(other));

	if (str_is(str_of(self->boot), other->boot)) {
		return local_fate(other);
	}
	if (is_same_boot || !str_is(str_of(self->host), other->host) || self->boot[0] == '\0' ||
		other->boot[0] == '\0') {
		return PROCESS_UNKNOWN;
	}
	return PROCESS_GONE; /* before this host booted */
}
