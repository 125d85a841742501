/*
 * The output formats, one for each file format_<name>.c (format_json.c has two).
 */
#ifndef CHECK_FORMAT_KINDS_H
#define CHECK_FORMAT_KINDS_H

struct check_format;

extern const struct check_format format_csv;
extern const struct check_format format_json;
extern const struct check_format format_jsonl;
extern const struct check_format format_junit;
extern const struct check_format format_nagios;
extern const struct check_format format_prometheus;
extern const struct check_format format_text;

#endif
