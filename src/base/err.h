/*
 * An error that a person can act on: what failed, on which object, why.
 *
 * A `struct err` lives on the caller's stack and is filled by the function that fails.  Its text is
 * lower case, has no newline or full stop, names the object in quotes, and is complete enough to be
 * printed as it is.  An outcome of a check ("the target is down") is not an error; see
 * check/check.h.
 *
 * Functions that can fail are `int f(..., struct err *err)`: 0, or -1 with *err set.  Outputs
 * (`ret_...`) are untouched on -1.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* What the caller can do about it; the text says the rest. */
enum err_code {
	ERR_NONE,       /* no error has been set */
	ERR_INPUT,      /* what the user gave is wrong: usage, configuration, a file's content */
	ERR_NOT_FOUND,  /* a file, name or object does not exist */
	ERR_PERMISSION, /* it exists and we may not */
	ERR_BUSY,       /* somebody else holds it */
	ERR_LIMIT,      /* a stated maximum was reached */
	ERR_TIMEOUT,    /* a deadline passed */
	ERR_NETWORK,    /* a peer could not be reached or broke the protocol */
	ERR_SYSTEM,     /* the operating system refused; errno is in the text */
	ERR_CODE_MAX,
};

struct err {
	enum err_code code;
	char msg[512];
};

/*
 * Set *err; a text that does not fit ends in "...".  `err` may be NULL, for a caller that only
 * wants the -1.  Always return -1, so that a failing function can end in `return err_set(err,
 * ...)`.
 */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * As err_set(), then ": " and the text of `errnum`.  The code follows from errnum (ENOENT is
 * ERR_NOT_FOUND, EACCES and EPERM are ERR_PERMISSION, any other is ERR_SYSTEM).
 */
int err_set_errno(struct err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "what: " in front of the text that *err already has.  Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text of an errno value, thread-safe, never NULL. */
const char *errno_text(int errnum);

#endif
