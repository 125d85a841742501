/*
 * What the lines about a host say of a key that it shows, and which keys it is known by.  See
 * ssh_hosts.h.
 */
#include <string.h>

#include "net/ssh_host_key.h"
#include "net/ssh_hosts.h"
#include "net/ssh_hosts_internal.h"

static bool counts(const struct ssh_hosts_entry *entry, const struct ssh_hosts_name *name)
{
	if (!name->files || entry->path[0] == '\0') {
		return true;
	}
	for (const char *const *path = name->files; *path; path++) {
		if (strcmp(*path, entry->path) == 0) {
			return true;
		}
	}
	return false;
}

/* The next line of those about the name that is for it; false: no more. */
static bool next_line(const struct ssh_hosts_lines *lines, const struct ssh_hosts_name *name,
	enum ssh_hosts_marker marker, size_t *pos, const struct ssh_hosts_entry **ret_entry)
{
	while (*pos < lines->entries_count) {
		const struct ssh_hosts_entry *entry = lines->entries[(*pos)++];

		if (entry->marker == marker && counts(entry, name)) {
			*ret_entry = entry;
			return true;
		}
	}
	return false;
}

static struct ssh_hosts_finding finding_of(
	enum ssh_hosts_verdict verdict, const struct ssh_hosts_entry *entry)
{
	return (struct ssh_hosts_finding){.verdict = verdict,
		.path = entry ? entry->path : "",
		.line = entry ? entry->line : 0,
		.blob = entry ? entry->blob : str_n("", 0)};
}

static bool is_same_type(struct str blob, struct str other)
{
	struct str type, other_type;

	return ssh_host_key_type(blob, &type) && ssh_host_key_type(other, &other_type) &&
	       str_eq(type, other_type);
}

static const struct ssh_hosts_entry *find_key(const struct ssh_hosts_lines *lines,
	const struct ssh_hosts_name *name, enum ssh_hosts_marker marker, struct str blob)
{
	const struct ssh_hosts_entry *entry;

	for (size_t pos = 0; next_line(lines, name, marker, &pos, &entry);) {
		if (str_eq(entry->blob, blob)) {
			return entry;
		}
	}
	return NULL;
}

/* Another key of the host, of the same type if there is one. */
static const struct ssh_hosts_entry *find_other(
	const struct ssh_hosts_lines *lines, const struct ssh_hosts_name *name, struct str blob)
{
	const struct ssh_hosts_entry *entry, *other = NULL;

	for (size_t pos = 0; next_line(lines, name, SSH_HOSTS_MARKER_NONE, &pos, &entry);) {
		if (is_same_type(entry->blob, blob)) {
			return entry;
		}
		other = other ? other : entry;
	}
	return other;
}

static struct ssh_hosts_finding judge(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name, struct str blob)
{
	const struct ssh_hosts_lines *lines = ssh_hosts_find(hosts, name);
	const struct ssh_hosts_entry *entry = find_key(lines, name, SSH_HOSTS_MARKER_REVOKED, blob);

	if (entry) {
		return finding_of(SSH_HOSTS_REVOKED, entry);
	}
	entry = find_key(lines, name, SSH_HOSTS_MARKER_NONE, blob);
	if (entry) {
		return finding_of(SSH_HOSTS_KNOWN, entry);
	}
	entry = find_other(lines, name, blob);
	return finding_of(entry ? SSH_HOSTS_CHANGED : SSH_HOSTS_UNKNOWN, entry);
}

static struct ssh_hosts_name without_port(const struct ssh_hosts_name *name)
{
	return (struct ssh_hosts_name){.host = name->host, .files = name->files};
}

struct ssh_hosts_finding ssh_hosts_check(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name, struct str blob)
{
	const struct ssh_hosts_name portless_name = without_port(name);
	struct ssh_hosts_finding finding = judge(hosts, name, blob), portless;

	if (name->port == 0 || name->port == SSH_HOSTS_DEFAULT_PORT ||
		finding.verdict == SSH_HOSTS_REVOKED) {
		return finding;
	}
	portless = judge(hosts, &portless_name, blob);
	if (portless.verdict == SSH_HOSTS_REVOKED ||
		(portless.verdict == SSH_HOSTS_KNOWN && finding.verdict == SSH_HOSTS_UNKNOWN)) {
		return portless;
	}
	return finding;
}

static size_t tell_types(struct ssh_hosts *hosts, const struct ssh_hosts_name *name,
	ssh_hosts_type_fn *fn, void *arg)
{
	const struct ssh_hosts_lines *lines = ssh_hosts_find(hosts, name);
	const struct ssh_hosts_entry *entry;
	size_t told = 0;

	for (size_t pos = 0; next_line(lines, name, SSH_HOSTS_MARKER_NONE, &pos, &entry);) {
		struct str type;

		if (ssh_host_key_type(entry->blob, &type)) {
			fn(arg, type);
			told++;
		}
	}
	return told;
}

void ssh_hosts_each_type(struct ssh_hosts *hosts, const struct ssh_hosts_name *name,
	ssh_hosts_type_fn *fn, void *arg)
{
	if (tell_types(hosts, name, fn, arg) == 0 && name->port != 0) {
		const struct ssh_hosts_name portless_name = without_port(name);

		(void)tell_types(hosts, &portless_name, fn, arg);
	}
}

void ssh_hosts_each_key(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name, ssh_hosts_key_fn *fn, void *arg)
{
	const struct ssh_hosts_lines *lines = ssh_hosts_find(hosts, name);
	const struct ssh_hosts_entry *entry;

	for (size_t pos = 0; next_line(lines, name, SSH_HOSTS_MARKER_NONE, &pos, &entry);) {
		const struct ssh_hosts_finding finding = finding_of(SSH_HOSTS_KNOWN, entry);

		fn(arg, &finding);
	}
}

struct ssh_hosts_finding ssh_hosts_authority(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name)
{
	const struct ssh_hosts_entry *entry = NULL;
	size_t pos = 0;

	(void)next_line(
		ssh_hosts_find(hosts, name), name, SSH_HOSTS_MARKER_AUTHORITY, &pos, &entry);
	return finding_of(entry ? SSH_HOSTS_KNOWN : SSH_HOSTS_UNKNOWN, entry);
}

bool ssh_hosts_has_authority(struct ssh_hosts *hosts, const struct ssh_hosts_name *name)
{
	return ssh_hosts_authority(hosts, name).verdict == SSH_HOSTS_KNOWN;
}
