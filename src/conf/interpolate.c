/*
 * "${...}" in values.  See interpolate.h.
 */
#include "conf/interpolate.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "conf/option.h"
#include "conf/shown.h"

static const char opening[] = "${";
static const char file_prefix[] = "file:";

static bool is_at(struct str text, size_t pos, const char *what)
{
	return str_starts(str_sub(text, pos, text.len), what);
}

static int put_in(struct interpolation *in, struct str value, struct strbuf *out, struct err *err)
{
	if (value.len > INTERPOLATE_TOTAL_MAX - in->put_in_bytes) {
		return err_set(err, ERR_LIMIT, "more than %d MB of text from ${...} in all",
			INTERPOLATE_TOTAL_MAX >> 20);
	}
	in->put_in_bytes += value.len;
	strbuf_addstr(out, value);
	return 0;
}

static struct str without_line_ends(struct str text)
{
	while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
		text.len--;
	}
	return text;
}

static int put_in_file(
	struct interpolation *in, struct str path, struct strbuf *out, struct err *err)
{
	const struct option_context context = {
		.arena = in->arena, .base_dir = in->base_dir ? in->base_dir : "."};
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;
	struct str value;

	if (in->no_files) {
		return err_set(
			err, ERR_INPUT, "${file:%s}: files are not read here", shown(path).text);
	}
	if (path.len == 0) {
		return err_set(err, ERR_INPUT, "${file:} names no file");
	}
	if (file_read(option_resolve_path(&context, path), FILE_REGULAR, INTERPOLATE_FILE_MAX,
		    &content, err) < 0) {
		return err_wrap(err, "${file:%s}", shown(path).text);
	}

	value = without_line_ends(strbuf_str(&content));
	if (str_find(value, '\0', 0) < value.len) {
		return err_set(
			err, ERR_INPUT, "${file:%s}: the file holds a NUL byte", shown(path).text);
	}
	return put_in(in, value, out, err);
}

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!char_is_alnum(name.ptr[i]) && name.ptr[i] != '_') {
			return false;
		}
	}
	return name.len > 0 && !char_is_digit(name.ptr[0]);
}

static const char *variable(struct str name)
{
	_cleanup_(freep) char *copy = xstrndup(name.ptr, name.len);

	return getenv(copy);
}

/* "NAME" or "NAME:-default". */
static int put_in_variable(
	struct interpolation *in, struct str text, struct strbuf *out, struct err *err)
{
	const size_t colon = str_find(text, ':', 0);
	const struct str name = str_sub(text, 0, colon);
	const bool has_default = is_at(text, colon, ":-");
	const char *value;

	if (!is_name(name) || (colon < text.len && !has_default)) {
		return err_set(err, ERR_INPUT,
			"'${%s}' is not ${NAME}, ${NAME:-default} or ${file:PATH}; write $${ for a "
			"'${' that is meant as it stands",
			shown(text).text);
	}
	value = variable(name);
	if (has_default && (!value || !value[0])) {
		return put_in(in, str_sub(text, colon + 2, text.len), out, err);
	}
	if (!value) {
		return err_set(err, ERR_INPUT,
			"the environment variable %s is not set; set it, or write ${%s:-default}",
			shown(name).text, shown(name).text);
	}
	return put_in(in, str_of(value), out, err);
}

/* What stands between "${" and "}". */
static int put_in_reference(
	struct interpolation *in, struct str text, struct strbuf *out, struct err *err)
{
	if (str_starts(text, file_prefix)) {
		return put_in_file(in, str_sub(text, sizeof(file_prefix) - 1, text.len), out, err);
	}
	return put_in_variable(in, text, out, err);
}

static int replace_all(
	struct interpolation *in, struct str text, struct strbuf *out, struct err *err)
{
	size_t pos = 0;

	while (pos < text.len) {
		size_t end;

		if (is_at(text, pos, "$${")) {
			strbuf_adds(out, opening);
			pos += 3;
			continue;
		}
		if (!is_at(text, pos, opening)) {
			strbuf_addc(out, text.ptr[pos++]);
			continue;
		}
		end = str_find(text, '}', pos);
		if (end == text.len) {
			return err_set(err, ERR_INPUT,
				"'${' without '}' after it; write $${ for a '${' that is meant as "
				"it stands");
		}
		if (put_in_reference(in, str_sub(text, pos + 2, end - pos - 2), out, err) < 0) {
			return -1;
		}
		pos = end + 1;
	}
	return 0;
}

int interpolate(struct interpolation *in, struct str text, struct str *ret_text, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (!str_contains(text, opening)) {
		*ret_text = text;
		return 0;
	}
	if (replace_all(in, text, &out, err) < 0) {
		return -1;
	}
	*ret_text = str_n(arena_strndup(in->arena, out.buf, out.len), out.len);
	return 0;
}

bool interpolate_has_file(struct str text)
{
	return str_contains(text, "${file:");
}

void interpolate_add_escaped(struct str text, struct strbuf *out)
{
	for (size_t pos = 0; pos < text.len; pos++) {
		if (is_at(text, pos, opening)) {
			strbuf_addc(out, '$');
		}
		strbuf_addc(out, text.ptr[pos]);
	}
}
