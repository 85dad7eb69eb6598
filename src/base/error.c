/* error.c: status codes and the sentence that explains the last failure.
 *
 * Every thread has its own record, of fixed size: saying that memory ran out must not need memory.
 * Debug builds also keep where the failure started, and log it when FY_DEBUG is set. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#define SENTENCE_BYTES 1024

static _Thread_local struct record {
    char sentence[SENTENCE_BYTES];
    const char *file; /* in debug builds, for the debugger's eyes */
    int line;
} record;

static const struct status_row {
    const char *name, *text;
} status_rows[] = { { "FY_OK", "success" },
#define STATUS_ROW(id, words) { "FY_" #id, words },
                    FY_STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
};

static const struct status_row *find_row(fy_status st)
{
    static const struct status_row unknown = { "FY_?", "unknown status" };

    return (size_t)st < FYI_LEN(status_rows) ? &status_rows[st] : &unknown;
}

const char *fy_status_name(fy_status st)
{
    return find_row(st)->name;
}

const char *fy_status_text(fy_status st)
{
    return find_row(st)->text;
}

const char *fy_last_error(void)
{
    return record.sentence;
}

/* `at` bytes of `sentence` are already written. */
static void append_v(char sentence[SENTENCE_BYTES], size_t at, const char *fmt, va_list args)
{
    const int n = vsnprintf(sentence + at, SENTENCE_BYTES - at, fmt, args);

    if (n >= 0 && (size_t)n >= SENTENCE_BYTES - at)
        fyi_mark_cut(sentence, SENTENCE_BYTES);
}

static void append(char sentence[SENTENCE_BYTES], size_t at, const char *fmt, ...) FY_PRINTF(3, 4);
static void append(char sentence[SENTENCE_BYTES], size_t at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    append_v(sentence, at, fmt, args);
    va_end(args);
}

static void remember_place(const char *file, int line)
{
    if (!FYI_IS_DEBUG)
        return;
    record.file = file;
    record.line = line;
    if (fyi_debug_level() > 0)
        fy_log_write(FY_LOG_DEBUG, "failure at %s:%d: %s", file, line, record.sentence);
}

fy_status fyi_fail_at(const char *file, int line, fy_status st, const char *fmt, ...)
{
    /* Written aside first: an argument may be the old sentence itself. */
    char sentence[SENTENCE_BYTES] = "";
    va_list args;

    va_start(args, fmt);
    append_v(sentence, 0, fmt, args);
    va_end(args);
    memcpy(record.sentence, sentence, sizeof(sentence));
    remember_place(file, line);
    return st;
}

fy_status fy_error(fy_status st, const char *fmt, ...)
{
    char sentence[SENTENCE_BYTES] = "";
    va_list args;

    va_start(args, fmt);
    append_v(sentence, 0, fmt, args);
    va_end(args);
    return fyi_fail_as(st, sentence);
}

fy_status fyi_wrap(fy_status st, const char *fmt, ...)
{
    char sentence[SENTENCE_BYTES] = "";
    va_list args;

    va_start(args, fmt);
    append_v(sentence, 0, fmt, args);
    va_end(args);
    append(sentence, strlen(sentence), ": %s", record.sentence);
    memcpy(record.sentence, sentence, sizeof(sentence));
    return st;
}

fy_status fyi_enomem_at(const char *file, int line, size_t bytes, const char *what)
{
    const double mib = (double)bytes / 1048576.0;

    if (mib < 0.01)
        return fyi_fail_at(file, line, FY_ENOMEM, "out of memory: no %zu bytes for %s", bytes, what);
    return fyi_fail_at(file, line, FY_ENOMEM, "out of memory: no %.1f MiB for %s", mib, what);
}

fy_status fyi_fail_as(fy_status st, const char *sentence)
{
    return fyi_fail(st, "%s", sentence);
}

void fyi_assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "ferry: broken contract: %s (%s:%d)\n", what, file, line);
    abort();
}
