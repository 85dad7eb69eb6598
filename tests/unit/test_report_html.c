/* Guards what every report is made of: escaping, numbers that no locale changes, base64, PNG, and
 * axes that stand whatever they are given. */
#include "support/support.h"

#include "report/html.h"
#include "report/plot.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

/* ---- text ------------------------------------------------------------------------------------ */

static const struct text_case {
    const char *in, *out, *why;
} texts[] = {
    { "plain", "plain", "nothing to do" },
    { "<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;", "markup" },
    { "a \"b\" & c", "a &quot;b&quot; &amp; c", "quotes end attributes" },
    { "na\xC3\xAFve \xE2\x86\x92 \xF0\x9F\x9A\xA2", "na\xC3\xAFve \xE2\x86\x92 \xF0\x9F\x9A\xA2",
      "UTF-8 stays" },
    { "\xFFx", "\xEF\xBF\xBDx", "no byte of UTF-8" },
    { "\xC3", "\xEF\xBF\xBD", "cut short" },
    { "\xC0\xBC", "\xEF\xBF\xBD\xEF\xBF\xBD", "an overlong '<'" },
    { "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "a surrogate" },
    { "a\x01"
      "b\tc\n",
      "a\xEF\xBF\xBD"
      "b\tc\n",
      "control characters, but tabs and lines" },
    { "", "", "empty" },
};

static void text_is_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        fyi_buf b = { 0 };

        fyi_html(&b, "<@>", texts[i].in);
        fyi_buf_puts(&b, "");
        if (strncmp(b.p + 1, texts[i].out, strlen(texts[i].out)) != 0 ||
            b.len != strlen(texts[i].out) + 2)
            fail_msg("%s: got %s", texts[i].why, b.p);
        fyi_buf_release(&b);
    }
}

static void markup_takes_its_arguments_in_order(void **state)
{
    fyi_buf b = { 0 };

    (void)state;
    fyi_html(&b, "<a href=\"@\">@</a>", "?a=1&b=@", "@ <");
    assert_string_equal(b.p, "<a href=\"?a=1&amp;b=@\">@ &lt;</a>");
    fyi_buf_release(&b);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static const struct number_case {
    double v;
    const char *percent, *points, *figure, *duration;
} numbers[] = {
    { 0, "0.0%",
      "\xC2\xB1"
      "0.0 points",
      "0", "0.0 s" },
    { 0.9012, "90.1%", "+90.1 points", "0.901", "0.9 s" },
    { -0.0004, "0.0%",
      "\xC2\xB1"
      "0.0 points",
      "\xE2\x88\x92"
      "0.0004",
      "\xE2\x80\x93" },
    { -0.0126,
      "\xE2\x88\x92"
      "1.3%",
      "\xE2\x88\x92"
      "1.3 points",
      "\xE2\x88\x92"
      "0.0126",
      "\xE2\x80\x93" },
    { 12.3456, "1,234.6%", "+1,234.6 points", "12.3", "12 s" },
    { 754.2, "75,420.0%", "+75,420.0 points", "754", "12 min 34 s" },
    { 9999, "999,900.0%", "+999,900.0 points", "9999", "2 h 46 min" },
    { 1.25e-7, "0.0%",
      "\xC2\xB1"
      "0.0 points",
      "1.25e-7", "0.0 s" },
    { 9.999e9, "999,900,000,000.0%", "+999,900,000,000.0 points", "1e10", "2777500 h 0 min" },
    { NAN, "\xE2\x80\x93", "\xE2\x80\x93 points", "\xE2\x80\x93", "\xE2\x80\x93" },
    { INFINITY, "\xE2\x80\x93", NULL, "\xE2\x80\x93", "\xE2\x80\x93" },
};

static void numbers_are_for_people(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(numbers); i++) {
        const double v = numbers[i].v;

        assert_string_equal(fyi_percent(v).s, numbers[i].percent);
        if (isfinite(v))
            assert_string_equal(fyi_points(v).s, numbers[i].points);
        assert_string_equal(fyi_figure(v).s, numbers[i].figure);
        assert_string_equal(fyi_duration(v).s, numbers[i].duration);
    }
    assert_string_equal(fyi_whole(1234567).s, "1,234,567");
    assert_string_equal(fyi_whole(-42).s, "\xE2\x88\x92"
                                          "42");
    assert_string_equal(fyi_fixed(-0.12, 3).s, "\xE2\x88\x92"
                                               "0.120");
    assert_string_equal(fyi_fixed(1e300, 9).s, "900,000,000.000000000");
}

static void numbers_are_for_programs(void **state)
{
    static const double v[] = { 0, -0.04, 12.34, -12.36, 1e300, NAN, 0.000012345, 10000, 0.5 };
    fyi_buf b = { 0 };

    (void)state;
    for (size_t i = 0; i < LEN(v); i++) {
        fyi_html_coord(&b, v[i]);
        fyi_buf_puts(&b, " ");
    }
    for (size_t i = 5; i < LEN(v); i++) {
        fyi_html_value(&b, v[i]);
        fyi_buf_puts(&b, " ");
    }
    assert_string_equal(b.p,
                        "0 0 12.3 -12.4 90000000000000000 0 0 10000 0.5 0 1.2345e-5 10000 0.5 ");
    fyi_buf_release(&b);
}

/* ---- base64 and PNG -------------------------------------------------------------------------- */

static const struct base64_case {
    const char *text;
    int64_t n; /* -1: refused */
    const char *bytes;
} base64s[] = {
    { "", 0, "" },
    { "Zg==", 1, "f" },
    { "Zm8=", 2, "fo" },
    { "Zm9v", 3, "foo" },
    { "Zm9vYg==", 4, "foob" },
    { "Zm9", -1, "" },
    { "Z===", -1, "" },
    { "Zg=v", -1, "" },
    { "Zm9v!Zm9", -1, "" },
    { "Zm9vYmFyYmF6", -1, "" },
};

static void base64_there_and_back(void **state)
{
    uint8_t out[8];

    (void)state;
    for (size_t i = 0; i < LEN(base64s); i++) {
        fyi_buf b = { 0 };

        assert_int_equal(fyi_base64_decode(base64s[i].text, out, sizeof out), base64s[i].n);
        if (base64s[i].n > 0) {
            assert_memory_equal(out, base64s[i].bytes, (size_t)base64s[i].n);
            fyi_base64_put(&b, out, (size_t)base64s[i].n);
            assert_string_equal(b.p, base64s[i].text);
        }
        fyi_buf_release(&b);
    }
}

/* A 2 x 3 colour picture: planes in, interleaved rows out. */
static void a_png_holds_its_pixels(void **state)
{
    static const uint8_t planes[18] = { 1,  2,  3,  4,  5,  6,  11, 12, 13,
                                        14, 15, 16, 21, 22, 23, 24, 25, 26 };
    static const uint8_t rows[20] = { 0, 1, 11, 21, 2, 12, 22, 3, 13, 23,
                                      0, 4, 14, 24, 5, 15, 25, 6, 16, 26 };
    uint8_t png[256], raw[64];
    uLongf raw_bytes = sizeof raw;
    fyi_buf b = { 0 };
    char *text, *idat;

    (void)state;
    assert_true(fyi_html_png(&b, planes, 3, 2, 3, "a \"picture\""));
    check_contains(
        b.p,
        "<img width=\"3\" height=\"2\" alt=\"a &quot;picture&quot;\" src=\"data:image/png;base64,");
    text = strstr(b.p, "base64,") + 7;
    *strchr(text, '"') = '\0';
    assert_true(fyi_base64_decode(text, png, sizeof png) > 57);
    assert_memory_equal(png, "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\0\x03\0\0\0\x02\x08\x02", 26);
    idat = (char *)png + 8 + 25;
    assert_memory_equal(idat + 4, "IDAT", 4);
    assert_int_equal(uncompress(raw, &raw_bytes, (const Bytef *)idat + 8, (uLong)(uint8_t)idat[3]),
                     Z_OK);
    assert_int_equal(raw_bytes, sizeof rows);
    assert_memory_equal(raw, rows, sizeof rows);
    fyi_buf_release(&b);
}

/* ---- axes ------------------------------------------------------------------------------------ */

static const struct tick_case {
    double lo, hi;
    int ticks;
    double step;
    fyi_tick_form form;
    double at;
    const char *text;
} ticks[] = {
    { 0, 10000, 5, 2000, FYI_TICK_WHOLE, 4000, "4,000" },
    { 0.74, 0.905, 5, 0.02, FYI_TICK_PERCENT, 0.8, "80%" },
    { 0.981, 0.986, 5, 0.001, FYI_TICK_PERCENT, 0.982, "98.2%" },
    { 0, 2.3, 5, 0.5, FYI_TICK_FIGURE, 1.5, "1.5" },
    { -1e-9, 1e-9, 4, 5e-10, FYI_TICK_FIGURE, 5e-10, "5e-10" },
    { 0, 1e9, 5, 2e8, FYI_TICK_FIGURE, 4e8, "4e8" },
};

static void ticks_are_round(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(ticks); i++) {
        const double step = fyi_tick_step(ticks[i].lo, ticks[i].hi, ticks[i].ticks);

        check_close_f64(&step, &ticks[i].step, 1, 1e-12, 0);
        assert_string_equal(fyi_tick_text(ticks[i].at, step, ticks[i].form).s, ticks[i].text);
    }
}

static void an_axis_stands_whatever_it_gets(void **state)
{
    static const double ends[] = { 0, 1, -1, 5, 1e-300, 1e29, 1e308, NAN, INFINITY, -INFINITY };

    (void)state;
    for (size_t i = 0; i < LEN(ends); i++)
        for (size_t k = 0; k < LEN(ends); k++) {
            const fyi_axis a = fyi_axis_of(ends[i], ends[k], 5, FYI_TICK_FIGURE);
            fyi_plot p = { .w = 100, .h = 50, .x = a, .y = a, .about = "" };
            fyi_buf b = { 0 };

            assert_true(a.lo < a.hi && isfinite(a.lo) && isfinite(a.hi));
            fyi_plot_begin(&b, &p);
            assert_false(b.failed);
            assert_true(b.len < 8000);
            fyi_buf_release(&b);
        }
}

static void ticks_of_few_steps_are_whole(void **state)
{
    fyi_plot p = { .w = 500, .h = 100, .about = "" };
    fyi_buf b = { 0 };

    (void)state;
    p.x = fyi_axis_of(0, 2, 10, FYI_TICK_WHOLE);
    p.y = fyi_axis_of(0, 1, 5, FYI_TICK_NONE);
    fyi_plot_begin(&b, &p);
    assert_non_null(strstr(b.p, ">1</text>"));
    assert_null(strstr(strstr(b.p, ">1</text>") + 1, ">1</text>"));
    fyi_buf_release(&b);
}

static void one_explosion_does_not_flatten_a_curve(void **state)
{
    fyi_point v[200];
    double lo = INFINITY, hi = -INFINITY;

    (void)state;
    for (size_t i = 0; i < LEN(v); i++)
        v[i] = (fyi_point){ (double)i, i == 77 ? 1e6 : i == 80 ? NAN : 1 + (double)i / 200 };
    assert_true(fyi_axis_fit(v, LEN(v), &lo, &hi));
    assert_true(lo == 1 && hi > 1.9 && hi < 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(markup_takes_its_arguments_in_order),
        cmocka_unit_test(numbers_are_for_people),
        cmocka_unit_test(numbers_are_for_programs),
        cmocka_unit_test(base64_there_and_back),
        cmocka_unit_test(a_png_holds_its_pixels),
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(an_axis_stands_whatever_it_gets),
        cmocka_unit_test(ticks_of_few_steps_are_whole),
        cmocka_unit_test(one_explosion_does_not_flatten_a_curve),
    };

    return cmocka_run_group_tests_name("report_html", tests, NULL, NULL);
}
