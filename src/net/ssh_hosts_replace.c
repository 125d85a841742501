/*
 * Other keys of a host than those that a file of known hosts has for it, for a decision that a
 * person made.  See ssh_hosts.h.
 */
#include <sys/stat.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/vec.h"
#include "net/ssh_hosts_internal.h"
#include "net/ssh_pattern.h"

enum { FILE_MAX = 64 << 20 };

/* Lines that have a key which is none of the host's any more, in their order. */
struct leaving {
	const struct ssh_hosts_change *change;
	size_t *lines;
	size_t lines_count, lines_alloc;
};

static void add_leaving(void *arg, const struct ssh_hosts_finding *finding)
{
	struct leaving *leaving = arg;

	for (size_t i = 0; i < leaving->change->blobs_count; i++) {
		if (str_eq(finding->blob, leaving->change->blobs[i])) {
			return;
		}
	}
	*VEC_PUSH(leaving, lines) = finding->line;
}

/* Add the line without the name; nothing if it was the only one. */
static int add_without_name(struct strbuf *out, struct str line, struct str name, const char *path,
	size_t number, struct err *err)
{
	struct str rest = str_trim(line), names, each;
	bool has_others = false;

	(void)str_word(&rest, &names);
	if (str_starts(names, "|")) {
		return 0;
	}
	for (struct str left = names; str_split(&left, ',', &each);) {
		if (ssh_pattern_is_wild(each)) {
			return err_set(err, ERR_INPUT,
				"%s:%zu is for more hosts than '%.*s': change it by hand", path,
				number, STR_ARG(name));
		}
	}
	while (str_split(&names, ',', &each)) {
		if (each.len > 0 && !str_case_eq(each, name)) {
			strbuf_addf(out, "%s%.*s", has_others ? "," : "", STR_ARG(each));
			has_others = true;
		}
	}
	if (has_others) {
		strbuf_addf(out, " %.*s\n", STR_ARG(str_trim(rest)));
	}
	return 0;
}

static int add_kept(struct strbuf *out, struct str text, const struct leaving *leaving,
	const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;
	struct str before = text, line;
	size_t next = 0;

	ssh_hosts_add_name(&name, &leaving->change->name);
	for (size_t number = 1; str_line(&text, &line); number++, before = text) {
		if (next == leaving->lines_count || leaving->lines[next] != number) {
			strbuf_add(out, before.ptr, before.len - text.len); /* with its end */
			continue;
		}
		next++;
		if (add_without_name(out, line, strbuf_str(&name), path, number, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int add_new(struct strbuf *out, struct ssh_hosts *there,
	const struct ssh_hosts_change *change, struct err *err)
{
	if (change->appends && out->len > 0 && out->buf[out->len - 1] != '\n') {
		strbuf_addc(out, '\n');
	}
	for (size_t i = 0; change->appends && i < change->blobs_count; i++) {
		if (ssh_hosts_check(there, &change->name, change->blobs[i]).verdict ==
			SSH_HOSTS_KNOWN) {
			continue;
		}
		if (ssh_hosts_make_line(
			    out, &change->name, change->blobs[i], change->is_hashed, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* The path is no symbolic link, and locked. */
static int rewrite(const char *path, const struct ssh_hosts_change *change, size_t *ret_removed,
	struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf old = STRBUF_INIT, text = STRBUF_INIT;
	struct leaving leaving = {.change = change};
	struct ssh_hosts *there = NULL;
	int rc = -1;

	if (file_read(path, FILE_REGULAR, FILE_MAX, &old, err) < 0) {
		return -1;
	}
	there = ssh_hosts_new();
	ssh_hosts_read_text(there, strbuf_str(&old), path);
	ssh_hosts_each_key(there, &change->name, add_leaving, &leaving);
	if (leaving.lines_count == 0) {
		rc = 0;
	} else if (add_kept(&text, strbuf_str(&old), &leaving, path, err) == 0 &&
		   add_new(&text, there, change, err) == 0) {
		rc = file_write(path, strbuf_str(&text), 0600, err);
	}
	if (rc == 0) {
		*ret_removed = leaving.lines_count;
	}
	free(leaving.lines);
	ssh_hosts_free(&there);
	return rc;
}

/* Looked for without the right to write: most files have nothing of the host. */
static int has_leaving(
	const char *path, const struct ssh_hosts_change *change, bool *ret_has, struct err *err)
{
	struct leaving leaving = {.change = change};
	struct ssh_hosts *there = ssh_hosts_new();
	int rc = ssh_hosts_read(there, path, err);

	if (rc == 0) {
		ssh_hosts_each_key(there, &change->name, add_leaving, &leaving);
		*ret_has = leaving.lines_count > 0;
	}
	free(leaving.lines);
	ssh_hosts_free(&there);
	return rc;
}

int ssh_hosts_replace(const char *path, const struct ssh_hosts_change *change, size_t *ret_removed,
	struct err *err)
{
	_cleanup_(freep) char *real = realpath(path, NULL);
	_cleanup_close_ int fd = -1;
	bool has;

	if (!real) {
		real = xstrdup(path);
	}
	if (has_leaving(real, change, &has, err) < 0) {
		return -1;
	}
	if (!has) {
		*ret_removed = 0;
		return 0;
	}
	if (ssh_hosts_open_locked(real, 0, &fd, err) < 0) {
		return -1;
	}
	return rewrite(real, change, ret_removed, err);
}
