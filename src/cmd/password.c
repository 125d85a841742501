/*
 * Getting passwords.  See password.h.
 */
#include "cmd/password.h"

#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/prompt.h"

static int check_mode(const struct password_source *source, struct err *err)
{
	struct stat st;

	if (stat(source->file, &st) < 0) {
		return err_set_errno(
			err, errno, "%s: cannot read '%s'", source->flag, source->file);
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		return err_set(err, ERR_INPUT,
			"%s: '%s' can be read by others (mode %04o): chmod 600 it", source->flag,
			source->file, st.st_mode & 07777U);
	}
	return 0;
}

/* The first line, which is all there may be. */
static int check_password(
	const struct password_source *source, struct strbuf *text, struct err *err)
{
	if (text->len > 0 && text->buf[text->len - 1] == '\n') {
		strbuf_truncate(text, text->len - 1);
	}
	if (text->len > 0 && text->buf[text->len - 1] == '\r') {
		strbuf_truncate(text, text->len - 1);
	}
	if (text->len == 0) {
		return err_set(err, ERR_INPUT, "%s: the password is empty", source->flag);
	}
	if (strlen(text->buf) != text->len || strchr(text->buf, '\n')) {
		return err_set(err, ERR_INPUT, "%s: '%s' has more than one line, or is no text",
			source->flag, source->file ? source->file : "the answer");
	}
	return 0;
}

static int from_file(const struct password_source *source, struct strbuf *text, struct err *err)
{
	if (check_mode(source, err) < 0) {
		return -1;
	}
	if (file_read(source->file, FILE_ANY, PASSWORD_MAX, text, err) < 0) {
		return err_wrap(err, "%s", source->flag);
	}
	return check_password(source, text, err);
}

static int from_terminal(const struct password_source *source, struct strbuf *text, struct err *err)
{
	if (!prompt_is_possible()) {
		return err_set(err, ERR_INPUT,
			"there is no terminal to ask for a password at: write it to a file, and "
			"say %s",
			source->flag);
	}
	if (prompt_secret(source->question, text, err) < 0) {
		return err_wrap(err, "password");
	}
	return check_password(source, text, err);
}

int password_get(const struct password_source *source, struct strbuf *ret_password, struct err *err)
{
	if (source->file && source->is_asked) {
		return err_set(
			err, ERR_INPUT, "%s and being asked do not go together", source->flag);
	}
	if (source->file) {
		return from_file(source, ret_password, err);
	}
	return source->is_asked ? from_terminal(source, ret_password, err) : 0;
}

void password_release(struct strbuf *password)
{
	explicit_bzero(password->buf, password->len);
	strbuf_release(password);
}

int password_get_both(const struct password_opts *opts, struct strbuf *ret_login,
	struct strbuf *ret_sudo, struct err *err)
{
	const struct password_source login = {
		"--password-file", opts->login_file, opts->asks_login, "Password to log in: "};
	const struct password_source sudo = {
		"--sudo-password-file", opts->sudo_file, opts->asks_sudo, "Password for sudo: "};

	return password_get(&login, ret_login, err) < 0 || password_get(&sudo, ret_sudo, err) < 0
		       ? -1
		       : 0;
}
