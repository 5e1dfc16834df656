/*
 * The guest's side of the guest tests: answers requests that come in over the virtio-serial port "agent".
 *
 * A request is one line, its answer is one line: "ok", a space and the result, or "error", a space and the reason.
 * Lists are separated by tabs. "ready" on a line of its own comes once, first. Times are nanoseconds, in decimal.
 *
 *   clocks             N=NAME for every /dev/ptpN
 *   read N             the reading of /dev/ptpN
 *   monotone N COUNT   COUNT readings of /dev/ptpN: how many were less than the one before, the first, the last
 *   latency N COUNT    how long COUNT readings of /dev/ptpN took: the median, and the 99th percentile
 *   difference A B     reading of B less reading of A, and for how long it is uncertain; the best of several
 *   offset N           CLOCK_REALTIME less /dev/ptpN, and for how long it is uncertain; the best of several
 *   follow N NS HOLD LIMIT  waits until CLOCK_REALTIME is within NS of /dev/ptpN and stays so for HOLD ms: after how many
 *                      ns that began; an error, with how far it is off, if that takes longer than LIMIT ms
 *   watch N MS         the least and the greatest that CLOCK_REALTIME less /dev/ptpN was in that time
 *   uptime             CLOCK_BOOTTIME
 *   rtc                rtcN SECONDS NAME of the virtio RTC, SECONDS since 1970-01-01 00:00 UTC as RTC_RD_TIME has it
 *   rtcs               rtcN=NAME for every RTC
 *   setalarm SECONDS   sets the virtio RTC's wake alarm that much after what it shows: the alarm's SECONDS since 1970
 *   getalarm           SECONDS of the wake alarm, and 1 if it is enabled or 0, as RTC_WKALM_RD has them
 *   awaitalarm N       waits for the alarm that is set: its SECONDS, and the reading of /dev/ptpN when it has come
 *   alarm SECONDS N    setalarm and awaitalarm in one
 *   module             the virtio devices that are bound to virtio_rtc
 *   dmesg              the kernel's messages about virtio_rtc
 *   unbind, bind       takes virtio_rtc's device away from it, gives it back; answers the device
 *   run COMMAND        runs a shell command: its exit status and its output in base64
 *   poweroff, reboot   answered before it is done
 *
 * When the host hangs up, the guest powers off: no guest outlives its test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/rtc.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL
#define DRIVER "/sys/bus/virtio/drivers/virtio_rtc"
#define RTC_DEVICE_ID 17
#define DIFFERENCE_TRIES 50
#define OFFSET_TRIES 3
#define MAX_LATENCIES 1000000
#define FOLLOW_PERIOD_NS 10000000
#define NS_PER_MS 1000000LL
#define ALARM_TIMEOUT_MS 45000
#define FD_TO_CLOCKID(fd) ((~(clockid_t)(fd) << 3) | 3)

/* The answer being put together, and where it goes. */
static FILE *answer;
static char *answer_text;
static size_t answer_size;

/* Starts the answer anew as an error. */
static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
    va_list arguments;

    rewind(answer);
    va_start(arguments, format);
    vfprintf(answer, format, arguments);
    va_end(arguments);
    return -1;
}

/* Reads the first line of a file, without its end; empty where there is none. */
static void first_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "r");

    line[0] = 0;
    if (!file)
        return;
    if (!fgets(line, (int)size, file))
        line[0] = 0;
    fclose(file);
    line[strcspn(line, "\n")] = 0;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written;

    if (fd < 0)
        return fail("%s: %s", path, strerror(errno));
    written = write(fd, text, strlen(text));
    if (written < 0)
        fail("%s: %s", path, strerror(errno));
    close(fd);
    return written < 0 ? -1 : 0;
}

/* Lists N=NAME, NAME from an attribute, for every entry of a device class. */
static int list(const char *pattern, const char *attribute)
{
    glob_t found;
    char path[256], name[256];

    if (glob(pattern, 0, NULL, &found))
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        snprintf(path, sizeof path, "%s/%s", found.gl_pathv[i], attribute);
        first_line(path, name, sizeof name);
        fprintf(answer, "%s%s=%s", i ? "\t" : "", strrchr(found.gl_pathv[i], '/') + 1, name);
    }
    globfree(&found);
    return 0;
}

static int open_clock(int number)
{
    char path[32];
    int fd;

    snprintf(path, sizeof path, "/dev/ptp%d", number);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        fail("%s: %s", path, strerror(errno));
    return fd;
}

static int read_clock(int fd, int64_t *ns)
{
    struct timespec time;

    if (clock_gettime(FD_TO_CLOCKID(fd), &time))
        return fail("clock_gettime: %s", strerror(errno));
    *ns = time.tv_sec * NS_PER_S + time.tv_nsec;
    return 0;
}

static int do_read(int number)
{
    int64_t ns;
    int result, fd = open_clock(number);

    if (fd < 0)
        return -1;
    result = read_clock(fd, &ns);
    close(fd);
    if (!result)
        fprintf(answer, "%lld", (long long)ns);
    return result;
}

static int do_monotone(int number, long count)
{
    int64_t first = 0, last = 0, ns;
    long back = 0;
    int result = 0, fd = open_clock(number);

    if (fd < 0)
        return -1;
    for (long i = 0; i < count && !result; i++) {
        result = read_clock(fd, &ns);
        if (result)
            break;
        if (i == 0)
            first = ns;
        else if (ns < last)
            back++;
        last = ns;
    }
    close(fd);
    if (!result)
        fprintf(answer, "%ld %lld %lld", back, (long long)first, (long long)last);
    return result;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

    return (one > other) - (one < other);
}

static int do_latency(int number, long count)
{
    int64_t *took, ns;
    int result = 0, fd;

    if (count < 1 || count > MAX_LATENCIES)
        return fail("COUNT is not between 1 and %d", MAX_LATENCIES);
    fd = open_clock(number);
    if (fd < 0)
        return -1;
    took = malloc((size_t)count * sizeof *took);
    if (!took)
        result = fail("no memory");
    for (long i = 0; i < count && !result; i++) {
        int64_t before = clock_ns(CLOCK_MONOTONIC);

        result = read_clock(fd, &ns);
        took[i] = clock_ns(CLOCK_MONOTONIC) - before;
    }
    close(fd);
    if (!result) {
        qsort(took, (size_t)count, sizeof *took, ascending);
        fprintf(answer, "%lld %lld", (long long)took[count / 2], (long long)took[count * 99 / 100]);
    }
    free(took);
    return result;
}

/* B is read between two readings of A, which bound it. */
static int do_difference(int a, int b)
{
    int64_t before, at, after, difference = 0, best = INT64_MAX;
    int result = 0, fd_a = open_clock(a), fd_b;

    if (fd_a < 0)
        return -1;
    fd_b = open_clock(b);
    if (fd_b < 0) {
        close(fd_a);
        return -1;
    }
    for (int i = 0; i < DIFFERENCE_TRIES && !result; i++) {
        result = read_clock(fd_a, &before) || read_clock(fd_b, &at) || read_clock(fd_a, &after) ? -1 : 0;
        if (!result && after >= before && after - before < best) {
            best = after - before;
            difference = at - (before + best / 2);
        }
    }
    close(fd_a);
    close(fd_b);
    if (!result)
        fprintf(answer, "%lld %lld", (long long)difference, (long long)best);
    return result;
}

/* CLOCK_REALTIME less the clock, which is read between two readings of it. */
static int system_offset(int fd, int64_t *offset, int64_t *duration)
{
    int64_t before, at, after, start, took;

    *duration = INT64_MAX;
    for (int i = 0; i < OFFSET_TRIES; i++) {
        start = clock_ns(CLOCK_MONOTONIC);
        before = clock_ns(CLOCK_REALTIME);
        if (read_clock(fd, &at))
            return -1;
        after = clock_ns(CLOCK_REALTIME);
        took = clock_ns(CLOCK_MONOTONIC) - start;
        if (took < *duration) {
            *duration = took;
            *offset = before + (after - before) / 2 - at;
        }
    }
    return 0;
}

static int do_offset(int number)
{
    int64_t offset, duration;
    int result, fd = open_clock(number);

    if (fd < 0)
        return -1;
    result = system_offset(fd, &offset, &duration);
    close(fd);
    if (!result)
        fprintf(answer, "%lld %lld", (long long)offset, (long long)duration);
    return result;
}

static int do_follow(int number, int64_t tolerance, int64_t hold, int64_t limit)
{
    const struct timespec pause = {.tv_nsec = FOLLOW_PERIOD_NS};
    int64_t start = clock_ns(CLOCK_MONOTONIC), now = start, since = -1, offset, duration;
    int result = 0, fd = open_clock(number);

    if (fd < 0)
        return -1;
    while (!result && (since < 0 || now - since < hold)) {
        result = system_offset(fd, &offset, &duration);
        if (result)
            break;
        if (llabs(offset) > tolerance)
            since = -1;
        else if (since < 0)
            since = now;
        if (now - start > limit) {
            result = fail("CLOCK_REALTIME is off by %lld ns", (long long)offset);
            break;
        }
        nanosleep(&pause, NULL);
        now = clock_ns(CLOCK_MONOTONIC);
    }
    close(fd);
    if (!result)
        fprintf(answer, "%lld", (long long)(since - start));
    return result;
}

static int do_watch(int number, int64_t time)
{
    const struct timespec pause = {.tv_nsec = FOLLOW_PERIOD_NS};
    int64_t start = clock_ns(CLOCK_MONOTONIC), least = INT64_MAX, greatest = INT64_MIN, offset, duration;
    int result = 0, fd = open_clock(number);

    if (fd < 0)
        return -1;
    do {
        result = system_offset(fd, &offset, &duration);
        least = offset < least ? offset : least;
        greatest = offset > greatest ? offset : greatest;
        nanosleep(&pause, NULL);
    } while (!result && clock_ns(CLOCK_MONOTONIC) - start < time);
    close(fd);
    if (!result)
        fprintf(answer, "%lld %lld", (long long)least, (long long)greatest);
    return result;
}

/* Finds the virtio RTC. */
static int find_rtc(char rtc[16], char *name, size_t size)
{
    glob_t found;
    char path[256];
    bool virtio = false;

    if (glob("/sys/class/rtc/rtc*", 0, NULL, &found))
        return fail("no RTC");
    for (size_t i = 0; i < found.gl_pathc && !virtio; i++) {
        snprintf(path, sizeof path, "%s/name", found.gl_pathv[i]);
        first_line(path, name, size);
        virtio = strstr(name, "virtio") != NULL;
        if (virtio)
            snprintf(rtc, 16, "%s", strrchr(found.gl_pathv[i], '/') + 1);
    }
    globfree(&found);
    return virtio ? 0 : fail("no virtio RTC");
}

static int open_rtc(void)
{
    char rtc[16], name[256], path[32];
    int fd;

    if (find_rtc(rtc, name, sizeof name))
        return -1;
    snprintf(path, sizeof path, "/dev/%s", rtc);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail("%s: %s", path, strerror(errno));
    return fd;
}

static int64_t since_1970(const struct rtc_time *time)
{
    struct tm utc = {
        .tm_year = time->tm_year,
        .tm_mon = time->tm_mon,
        .tm_mday = time->tm_mday,
        .tm_hour = time->tm_hour,
        .tm_min = time->tm_min,
        .tm_sec = time->tm_sec,
    };

    return timegm(&utc);
}

static int read_rtc(int fd, int64_t *seconds)
{
    struct rtc_time now;

    if (ioctl(fd, RTC_RD_TIME, &now))
        return fail("RTC_RD_TIME: %s", strerror(errno));
    *seconds = since_1970(&now);
    return 0;
}

static int do_rtc(void)
{
    char rtc[16], name[256];
    int64_t seconds;
    int result, fd = open_rtc();

    if (fd < 0)
        return -1;
    result = find_rtc(rtc, name, sizeof name) || read_rtc(fd, &seconds) ? -1 : 0;
    close(fd);
    if (!result)
        fprintf(answer, "%s %lld %s", rtc, (long long)seconds, name);
    return result;
}

static int set_alarm(int fd, long delay, int64_t *at)
{
    struct rtc_wkalrm alarm = {.enabled = 1};
    struct tm utc;
    time_t seconds;

    if (read_rtc(fd, at))
        return -1;
    seconds = *at += delay;
    gmtime_r(&seconds, &utc);
    alarm.time.tm_year = utc.tm_year;
    alarm.time.tm_mon = utc.tm_mon;
    alarm.time.tm_mday = utc.tm_mday;
    alarm.time.tm_hour = utc.tm_hour;
    alarm.time.tm_min = utc.tm_min;
    alarm.time.tm_sec = utc.tm_sec;
    return ioctl(fd, RTC_WKALM_SET, &alarm) ? fail("RTC_WKALM_SET: %s", strerror(errno)) : 0;
}

static int get_alarm(int fd, int64_t *at, bool *enabled)
{
    struct rtc_wkalrm alarm;

    if (ioctl(fd, RTC_WKALM_RD, &alarm))
        return fail("RTC_WKALM_RD: %s", strerror(errno));
    *at = since_1970(&alarm.time);
    *enabled = alarm.enabled;
    return 0;
}

/* Waits for the RTC's alarm, and reads a clock as soon as it has come. */
static int await_alarm(int fd, int clock, int64_t *ns)
{
    struct pollfd events = {.fd = fd, .events = POLLIN};
    unsigned long data;
    int ready = poll(&events, 1, ALARM_TIMEOUT_MS);

    if (ready <= 0)
        return fail("poll: %s", ready ? strerror(errno) : "the alarm does not come");
    if (read_clock(clock, ns))
        return -1;
    if (read(fd, &data, sizeof data) != sizeof data)
        return fail("read: %s", strerror(errno));
    return data & RTC_AF ? 0 : fail("an interrupt %#lx that is no alarm", data);
}

static int do_setalarm(long delay)
{
    int64_t at;
    int result, fd = open_rtc();

    if (fd < 0)
        return -1;
    result = set_alarm(fd, delay, &at);
    close(fd);
    if (!result)
        fprintf(answer, "%lld", (long long)at);
    return result;
}

static int do_getalarm(void)
{
    int64_t at;
    bool enabled;
    int result, fd = open_rtc();

    if (fd < 0)
        return -1;
    result = get_alarm(fd, &at, &enabled);
    close(fd);
    if (!result)
        fprintf(answer, "%lld %d", (long long)at, enabled);
    return result;
}

/* Sets the alarm if there is a delay, and waits for it. */
static int do_alarm(long delay, int number)
{
    int64_t at, ns;
    bool enabled = true;
    int result, clock, fd = open_rtc();

    if (fd < 0)
        return -1;
    clock = open_clock(number);
    if (clock < 0) {
        close(fd);
        return -1;
    }
    result = delay ? set_alarm(fd, delay, &at) : get_alarm(fd, &at, &enabled);
    if (!result && !enabled)
        result = fail("no alarm is set");
    if (!result)
        result = await_alarm(fd, clock, &ns);
    close(clock);
    close(fd);
    if (!result)
        fprintf(answer, "%lld %lld", (long long)at, (long long)ns);
    return result;
}

static int do_module(void)
{
    glob_t found;

    if (access(DRIVER, F_OK))
        return fail("virtio_rtc is not loaded");
    if (glob(DRIVER "/virtio*", 0, NULL, &found))
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++)
        fprintf(answer, "%s%s", i ? "\t" : "", strrchr(found.gl_pathv[i], '/') + 1);
    globfree(&found);
    return 0;
}

/* Writes the name of each RTC device to one of the driver's attributes. */
static int bind_devices(const char *attribute)
{
    glob_t found;
    char path[256], id[32];
    const char *device;
    int result = 0, devices = 0;

    if (glob("/sys/bus/virtio/devices/virtio*", 0, NULL, &found))
        return fail("no virtio device");
    for (size_t i = 0; i < found.gl_pathc && !result; i++) {
        snprintf(path, sizeof path, "%s/device", found.gl_pathv[i]);
        first_line(path, id, sizeof id);
        if (strtol(id, NULL, 16) != RTC_DEVICE_ID)
            continue;
        device = strrchr(found.gl_pathv[i], '/') + 1;
        result = write_file(attribute, device);
        if (!result)
            fprintf(answer, "%s%s", devices++ ? "\t" : "", device);
    }
    globfree(&found);
    return result;
}

static int do_dmesg(void)
{
    int size = klogctl(10 /* the buffer's size */, NULL, 0), length;
    char *log = malloc((size_t)size + 1), *rest = log, *line;
    bool more = false;

    length = klogctl(3 /* read all of it */, log, size);
    log[length < 0 ? 0 : length] = 0;
    while ((line = strsep(&rest, "\n"))) {
        if (!strstr(line, "virtio_rtc"))
            continue;
        fprintf(answer, "%s%s", more ? "\t" : "", line);
        more = true;
    }
    free(log);
    return 0;
}

static void print_base64(const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < length; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;

        if (i + 1 < length)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < length)
            group |= bytes[i + 2];
        fputc(digits[group >> 18 & 63], answer);
        fputc(digits[group >> 12 & 63], answer);
        fputc(i + 1 < length ? digits[group >> 6 & 63] : '=', answer);
        fputc(i + 2 < length ? digits[group & 63] : '=', answer);
    }
}

static int do_run(const char *command)
{
    char *output = NULL;
    size_t size = 0;
    FILE *collected = open_memstream(&output, &size);
    char *both, buffer[4096];
    FILE *pipe;
    size_t count;
    int status;

    if (asprintf(&both, "{ %s\n} 2>&1", command) < 0)
        return fail("out of memory");
    pipe = popen(both, "re");
    free(both);
    if (!pipe)
        return fail("%s: %s", command, strerror(errno));
    while ((count = fread(buffer, 1, sizeof buffer, pipe)) > 0)
        fwrite(buffer, 1, count, collected);
    status = pclose(pipe);
    fclose(collected);
    fprintf(answer, "%d ", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    print_base64((const unsigned char *)output, size);
    free(output);
    return 0;
}

static int dispatch(const char *request)
{
    int a, b;
    long count, hold, limit;

    if (!strcmp(request, "clocks"))
        return list("/sys/class/ptp/ptp*", "clock_name");
    if (sscanf(request, "read %d", &a) == 1)
        return do_read(a);
    if (sscanf(request, "monotone %d %ld", &a, &count) == 2)
        return do_monotone(a, count);
    if (sscanf(request, "latency %d %ld", &a, &count) == 2)
        return do_latency(a, count);
    if (sscanf(request, "difference %d %d", &a, &b) == 2)
        return do_difference(a, b);
    if (sscanf(request, "offset %d", &a) == 1)
        return do_offset(a);
    if (sscanf(request, "follow %d %ld %ld %ld", &a, &count, &hold, &limit) == 4)
        return do_follow(a, count, hold * NS_PER_MS, limit * NS_PER_MS);
    if (sscanf(request, "watch %d %ld", &a, &count) == 2)
        return do_watch(a, count * NS_PER_MS);
    if (!strcmp(request, "uptime")) {
        fprintf(answer, "%lld", (long long)clock_ns(CLOCK_BOOTTIME));
        return 0;
    }
    if (!strcmp(request, "rtc"))
        return do_rtc();
    if (!strcmp(request, "rtcs"))
        return list("/sys/class/rtc/rtc*", "name");
    if (sscanf(request, "setalarm %ld", &count) == 1)
        return do_setalarm(count);
    if (!strcmp(request, "getalarm"))
        return do_getalarm();
    if (sscanf(request, "awaitalarm %d", &a) == 1)
        return do_alarm(0, a);
    if (sscanf(request, "alarm %ld %d", &count, &a) == 2)
        return do_alarm(count, a);
    if (!strcmp(request, "module"))
        return do_module();
    if (!strcmp(request, "dmesg"))
        return do_dmesg();
    if (!strcmp(request, "unbind"))
        return bind_devices(DRIVER "/unbind");
    if (!strcmp(request, "bind"))
        return bind_devices(DRIVER "/bind");
    if (!strncmp(request, "run ", 4))
        return do_run(request + 4);
    if (!strcmp(request, "poweroff") || !strcmp(request, "reboot"))
        return 0;
    return fail("unknown request: %s", request);
}

static void end(int how)
{
    sync();
    reboot(how);
    _exit(1);
}

/* Opens the port; it appears in /dev a little after the driver has found its device. */
static int open_port(void)
{
    struct pollfd events = {.fd = inotify_init1(IN_CLOEXEC), .events = POLLIN};
    char ignored[4096];
    glob_t found;
    int fd = -1;

    inotify_add_watch(events.fd, "/dev", IN_CREATE);
    for (;;) {
        if (!glob("/dev/vport*p1", 0, NULL, &found)) {
            fd = open(found.gl_pathv[0], O_RDWR | O_CLOEXEC);
            globfree(&found);
        }
        if (fd >= 0)
            break;
        if (poll(&events, 1, 30000) <= 0 || read(events.fd, ignored, sizeof ignored) < 0) {
            fprintf(stderr, "agent: no virtio-serial port\n");
            end(RB_POWER_OFF);
        }
    }
    close(events.fd);
    return fd;
}

int main(void)
{
    int port;
    FILE *requests, *answers;
    char *request = NULL;
    size_t size = 0;

    signal(SIGPIPE, SIG_IGN);
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    port = open_port();
    requests = fdopen(port, "r");
    answers = fdopen(dup(port), "w");
    fprintf(answers, "ready\n");
    fflush(answers);
    fprintf(stderr, "agent: ready\n");

    while (getline(&request, &size, requests) > 0) {
        int result;

        request[strcspn(request, "\r\n")] = 0;
        answer = open_memstream(&answer_text, &answer_size);
        result = dispatch(request);
        fclose(answer);
        fprintf(answers, "%s %s\n", result ? "error" : "ok", answer_text);
        fflush(answers);
        free(answer_text);
        if (!strcmp(request, "poweroff"))
            end(RB_POWER_OFF);
        if (!strcmp(request, "reboot"))
            end(RB_AUTOBOOT);
    }
    end(RB_POWER_OFF);
}
