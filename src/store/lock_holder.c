/*
 * Reading /proc/locks.  See lock_holder.h.
 *
 * A line of it (proc(5)), the numbers of the device in hexadecimal:
 *
 *	1: POSIX  ADVISORY  WRITE 1234 fe:00:131 120 120
 */
#include "store/lock_holder.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/utf8.h"

enum {
	LOCKS_MAX = 4 * 1024 * 1024,
	NAME_MAX_BYTES = 64,
	WAL_WRITE_BYTE = 120, /* of the -shm file: held while a transaction writes */
};

/* What stands behind the last colon of "fe:00:131". */
static bool is_inode(struct str device, uint64_t inode)
{
	int64_t found;

	for (size_t colon = str_find(device, ':', 0); colon < device.len;
		colon = str_find(device, ':', 0)) {
		device = str_sub(device, colon + 1, device.len);
	}
	return parse_int(device, 0, INT64_MAX, &found, NULL) == 0 && (uint64_t)found == inode;
}

static bool covers(struct str first, struct str last, int64_t byte)
{
	int64_t from;
	int64_t to = INT64_MAX;

	if (parse_int(first, 0, INT64_MAX, &from, NULL) < 0 ||
		(!str_is(last, "EOF") && parse_int(last, 0, INT64_MAX, &to, NULL) < 0)) {
		return false;
	}
	return byte < 0 || (byte >= from && byte <= to);
}

int64_t lock_holder_find(struct str locks, uint64_t inode, int64_t byte)
{
	enum { NUMBER, TYPE, MODE, ACCESS, PID, DEVICE, FIRST, LAST, WORDS };
	struct str line;

	while (str_line(&locks, &line)) {
		struct str words[WORDS] = {{"", 0}};
		int64_t pid;
		int count = 0;

		while (count < WORDS && str_word(&line, &words[count])) {
			count++;
		}
		if (count == WORDS && str_is(words[TYPE], "POSIX") &&
			str_is(words[ACCESS], "WRITE") && is_inode(words[DEVICE], inode) &&
			covers(words[FIRST], words[LAST], byte) &&
			parse_int(words[PID], 1, INT32_MAX, &pid, NULL) == 0) {
			return pid;
		}
	}
	return 0;
}

static int64_t holder_of(struct str locks, const char *path, int64_t byte)
{
	struct stat st;

	return stat(path, &st) == 0 ? lock_holder_find(locks, st.st_ino, byte) : 0;
}

static void add_process(struct strbuf *out, int64_t pid)
{
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;
	char path[64];

	strbuf_addf(out, "pid %" PRId64, pid);
	(void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/comm", pid);
	if (file_read(path, FILE_REGULAR, NAME_MAX_BYTES, &name, NULL) == 0) {
		strbuf_rtrim(&name);
		strbuf_adds(out, " (");
		utf8_add_escaped(out, strbuf_str(&name), NAME_MAX_BYTES);
		strbuf_addc(out, ')');
	}
}

void lock_holder_add(struct strbuf *out, const char *path)
{
	_cleanup_(strbuf_release) struct strbuf locks = STRBUF_INIT;
	_cleanup_(freep) char *shm = xasprintf("%s-shm", path);
	int64_t pid;

	if (file_read("/proc/locks", FILE_REGULAR, LOCKS_MAX, &locks, NULL) < 0) {
		return;
	}
	pid = holder_of(strbuf_str(&locks), shm, WAL_WRITE_BYTE);
	if (pid == 0) {
		pid = holder_of(strbuf_str(&locks), path, -1);
	}
	if (pid > 0) {
		add_process(out, pid);
	}
}
