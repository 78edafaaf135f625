/*
 * scenario.h - one test case: an ordered list of steps, plain data without pointers.
 *
 * A scenario exists in three forms. This struct is the one that everything works on. Bytes are for
 * fuzzing engines: the decoder is total, every byte string is a scenario. Text (.scn) is for
 * people: the parser is strict and says file line, column and what it expected. The forms are
 * exact images of each other: for every scenario s that validates,
 *
 *     decode(encode(s)) == s      parse(print(s)) == s
 *
 * so bytes -> scenario -> text -> scenario -> bytes is the identity after the first decoding.
 */
#ifndef FIFOFUZZ_SCENARIO_H
#define FIFOFUZZ_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCENARIO_STEPS_MAX = 2048,  /* steps of one scenario */
    SCENARIO_POOL_MAX = 131072, /* bytes of all its texts together */
    SCENARIO_SLOTS = 16,        /* descriptor slots d0..d15 */
    TEXT_LENGTH_MAX = 4352,     /* one path, link body or file content; past PATH_MAX on purpose */

    /* Sizes of buffers for the bytes and for the text of any scenario, its NUL included */
    SCENARIO_BYTES_MAX = 5 * SCENARIO_POOL_MAX + 24 * SCENARIO_STEPS_MAX,
    SCENARIO_PRINT_MAX = 4 * SCENARIO_POOL_MAX + 128 * SCENARIO_STEPS_MAX,
};

/* The calls under test come first: STEP_MKFIFO and STEP_MKFIFOAT; all others are preparations. */
enum step_kind {
    STEP_MKFIFO,   /* mkfifo PATH MODE */
    STEP_MKFIFOAT, /* mkfifoat DIRFD PATH MODE */
    STEP_MKDIR,    /* mkdir PATH MODE            mkdir(2) */
    STEP_FILE,     /* file PATH MODE CONTENT     open(2) O_CREAT|O_EXCL|O_WRONLY, MODE & 0777 */
    STEP_SYMLINK,  /* symlink BODY PATH          symlink(2) */
    STEP_LINK,     /* link OLD NEW               linkat(2), flags 0 */
    STEP_UNLINK,   /* unlink PATH                unlink(2) */
    STEP_RMDIR,    /* rmdir PATH                 rmdir(2) */
    STEP_RENAME,   /* rename OLD NEW             rename(2) */
    STEP_CHMOD,    /* chmod PATH MODE            chmod(2), MODE & 07777 */
    STEP_UMASK,    /* umask MODE                 umask(2), the argument as it is */
    STEP_CHDIR,    /* chdir PATH                 chdir(2) */
    STEP_OPEN,     /* SLOT = open PATH [FLAG...] open(2) O_RDONLY|O_NONBLOCK|O_CLOEXEC and FLAGs */
    STEP_CLOSE,    /* close SLOT                 close(2) of the number the slot holds */
    STEP_DUP,      /* SLOT = dup DIRFD NUMBER    fcntl(2) F_DUPFD_CLOEXEC from NUMBER on */
    STEP_NOFILE, /* nofile NUMBER              setrlimit(2) RLIMIT_NOFILE, never above the first */
    STEP_AS,     /* as IDENTITY [FLAG...]      credentials(7) of everything that follows */
    STEP_LANDLOCK, /* landlock PATH              landlock(7): FIFOs only beneath PATH, "" nowhere;
                                                  EOPNOTSUPP with several actors */

    /* Done by the harness, which has every capability; relative paths start at the root. */
    STEP_CHOWN,     /* chown PATH UID:GID         chown(2) */
    STEP_ACL,       /* acl PATH ENTRIES [default] acl(5) of a directory */
    STEP_ATTRIBUTE, /* attribute PATH [FLAG...]   FS_IOC_SETFLAGS(2const) of a directory */
    STEP_MOUNT,   /* mount PATH INODES [FLAG...] a new tmpfs(5), nr_inodes=INODES, 0 for no limit */
    STEP_BIND,    /* bind OLD NEW [FLAG...]     a bind mount of directory OLD on NEW */
    STEP_REMOUNT, /* remount PATH [FLAG...]     other flags for the mount that PATH is on */
    STEP_UMOUNT, /* umount PATH                umount(2) MNT_DETACH of the mount whose root it is */

    /* Several actors, and the FIFO in use. What has to do with descriptors is about FIFOs: on any
     * other file the harness answers EOPNOTSUPP. */
    STEP_ACTOR,  /* actor ACTOR                the thread that does what follows, 0 at first */
    STEP_READ,   /* read SLOT NUMBER           read(2) */
    STEP_WRITE,  /* write SLOT NUMBER          write(2) of the step's payload (payload.h) */
    STEP_POLL,   /* poll SLOT                  poll(2) POLLIN|POLLOUT, no waiting: its revents */
    STEP_RESIZE, /* resize SLOT NUMBER         fcntl(2) F_SETPIPE_SZ */
    STEP_USE,    /* use SLOT USE               one of enum use */
    STEP_SIGNAL, /* signal ACTOR [FLAG...]     a signal with a handler, if that actor waits */

    /* The next call under test of the actor at hand, in the middle. */
    STEP_PAUSE,  /* pause NUMBER [FLAG...]     it stops before its NUMBERth system call, from 1 */
    STEP_RESUME, /* resume                     the actor's stopped call goes on */
    STEP_INJECT, /* inject ERROR [FLAG...]     its mknodat(2) or mknod(2) is answered, not made */
    STEP_WITHIN, /* within [FLAG...]           the circumstances of all calls that follow */
    STEP_KIND_COUNT
};

/*
 * FLAGs of the kinds that have them: words at the end of the line, in the order of their bits.
 * step_infos has the words.
 */
enum { STEP_FLAGS_MAX = 8 };
enum {                          /* of open */
       OPEN_PATH = 1 << 0,      /* "path"       O_PATH */
       OPEN_NOFOLLOW = 1 << 1,  /* "nofollow"   O_NOFOLLOW */
       OPEN_DIRECTORY = 1 << 2, /* "directory"  O_DIRECTORY */
       OPEN_WRITE = 1 << 3,     /* "write"      O_WRONLY */
       OPEN_BOTH = 1 << 4,      /* "both"       O_RDWR; with "write" the access mode 3 */
       OPEN_WAIT = 1 << 5,      /* "wait"       without O_NONBLOCK */
       OPEN_TRUNCATE = 1 << 6,  /* "truncate"   O_TRUNC */
       OPEN_APPEND = 1 << 7,    /* "append"     O_APPEND */
       OPEN_PLAIN = OPEN_PATH | OPEN_NOFOLLOW | OPEN_DIRECTORY, /* in any scenario */
       OPEN_IN_USE = OPEN_WRITE | OPEN_BOTH | OPEN_WAIT | OPEN_TRUNCATE | OPEN_APPEND,
};
enum { SIGNAL_RESTART = 1 << 0 };    /* of signal: "restart", SA_RESTART; else it interrupts */
enum { PAUSE_INSTRUCTION = 1 << 0 }; /* of pause: "instruction", it counts those instead */
enum { INJECT_ONCE = 1 << 0 };       /* of inject: "once", a second such system call is made */
enum {                               /* of within; none takes all back */
       WITHIN_FORK = 1 << 0,         /* "fork"     in a child process, which then ends */
       WITHIN_VFORK = 1 << 1,        /* "vfork"    in a child that shares the parent's memory */
       WITHIN_STACK = 1 << 2,        /* "stack"    on a stack of WITHIN_STACK_SIZE */
       WITHIN_BLOCKED = 1 << 3,      /* "blocked"  with all signals blocked */
       WITHIN_CLOSED = 1 << 4,       /* "closed"   with 0, 1 and 2 closed, in a child */
};
enum { /* of as: effective capabilities(7); all others are never effective */
       CAPABILITY_OVERRIDE = 1 << 0,    /* "dac_override" */
       CAPABILITY_READ_SEARCH = 1 << 1, /* "dac_read_search" */
       CAPABILITY_FSETID = 1 << 2,      /* "fsetid" */
};
enum { ACL_DEFAULT = 1 << 0 };       /* of acl: "default", the ACL that new nodes inherit */
enum {                               /* of attribute: inode flags; none takes both away */
       ATTRIBUTE_IMMUTABLE = 1 << 0, /* "immutable"  FS_IMMUTABLE_FL */
       ATTRIBUTE_APPEND = 1 << 1,    /* "append"     FS_APPEND_FL */
};
enum {                             /* of mount, bind and remount */
       MOUNT_READ_ONLY = 1 << 0,   /* "ro" */
       MOUNT_NOSYMFOLLOW = 1 << 1, /* "nosymfollow" */
       MOUNT_NODEV = 1 << 2,       /* "nodev" */
       MOUNT_NOEXEC = 1 << 3,      /* "noexec" */
       MOUNT_NOSUID = 1 << 4,      /* "nosuid" */
       MOUNT_IDMAP = 1 << 5,       /* "idmap"       mount and bind: ids 0 and 1000 are exchanged */
       MOUNT_SUPERBLOCK =
           1 << 5, /* "superblock"  remount: ro, or its absence, for all its mounts */
};

/*
 * What the path argument of a call under test points at. Only STEP_MKFIFO and STEP_MKFIFOAT have
 * others than POINTER_STRING. Text form: the word in the comment takes the place of the PATH,
 * `unterminated` is followed by the quoted bytes, `counted` and `unencodable` by two strings.
 */
enum pointer {
    POINTER_STRING,   /* a NUL-terminated string whose NUL is the last byte before a guard page */
    POINTER_NULL,     /* null: the null pointer */
    POINTER_UNMAPPED, /* unmapped: the first byte of a PROT_NONE page */
    POINTER_NONCANONICAL, /* noncanonical: an address no process can map */
    POINTER_UNTERMINATED, /* unterminated "...": 1 or more bytes up to a guard page, no NUL */
    POINTER_COUNTED,      /* counted "..." "...": path, a NUL byte, other; strings of languages that
                             count their bytes can have it, C's cannot */
    POINTER_UNENCODABLE,  /* unencodable "..." "...": path, a character that no bytes of a file name
                             stand for, other; for languages whose paths are text */
    POINTER_COUNT
};
extern const char *const pointer_names[POINTER_COUNT]; /* the words above; "" for a string */

/* What a use step does with the FIFO that a slot holds. */
enum use {
    USE_PENDING,  /* pending   ioctl(2) FIONREAD: the result is the number of bytes */
    USE_CAPACITY, /* capacity  fcntl(2) F_GETPIPE_SZ: the result is the capacity */
    USE_SEEK,     /* seek      lseek(2) */
    USE_PREAD,    /* pread     pread(2) of one byte */
    USE_PWRITE,   /* pwrite    pwrite(2) of one byte */
    USE_ALLOCATE, /* allocate  fallocate(2) of one byte */
    USE_TRUNCATE, /* truncate  ftruncate(2) to 0 */
    USE_SYNC,     /* sync      fsync(2) */
    USE_MAP,      /* map       mmap(2) of one page */
    USE_CHDIR,    /* chdir     fchdir(2) */
    USE_COUNT
};
extern const char *const use_names[USE_COUNT]; /* the words above */

enum {
    ACTORS = 4,      /* threads that act in a scenario */
    ERROR_MAX = 133, /* greatest errno(3) that can be injected */
};

/* The directory argument of mkfifoat. */
enum dirfd_kind {
    DIRFD_CWD,    /* cwd: AT_FDCWD */
    DIRFD_NUMBER, /* a decimal number, any int; 0, 1 and 2 are open and no directories */
    DIRFD_SLOT, /* d0..d15: the number that the slot holds, even after close; -1 before any open */
    DIRFD_KIND_COUNT
};

struct dirfd {
    uint8_t kind;   /* enum dirfd_kind */
    int32_t number; /* the number (DIRFD_NUMBER) or slot (DIRFD_SLOT), 0 for DIRFD_CWD */
};

/*
 * Who acts. Text form: UID:GID[,GROUP...] [real UID:GID]; `real` is left out where the real ids are
 * the effective ones. Ids of the file system (fsuid, fsgid) and saved ids are the effective ones.
 */
enum {
    ID_MAX = 65533,      /* greatest user or group id */
    IDENTITY_GROUPS = 3, /* most supplementary groups */
};
struct identity {
    uint16_t uid, gid; /* effective; chown: the new owner; acl: whom the named entries are for */
    uint16_t real_uid, real_gid;
    uint8_t group_count;
    uint16_t groups[IDENTITY_GROUPS];
};

/*
 * The ENTRIES of an ACL in step.mode, four bits each: three permissions and, above them, whether
 * the entry is there. Text form as in setfacl(1), in this order without blanks:
 * u::rwx,u:UID:rwx,g::rwx,g:GID:rwx,m::rwx,o::rwx. Entries for the owner, the owning group and
 * others are always there, the mask exactly if there is a named one.
 */
enum acl_entry {
    ENTRY_OWNER,        /* u:: */
    ENTRY_USER,         /* u:UID:  identity.uid */
    ENTRY_OWNING_GROUP, /* g:: */
    ENTRY_GROUP,        /* g:GID:  identity.gid */
    ENTRY_MASK,         /* m:: */
    ENTRY_OTHER,        /* o:: */
    ENTRY_COUNT
};
static inline bool acl_has(uint32_t acl, enum acl_entry entry) {
    return acl >> 4 * entry & 8;
}
static inline uint32_t acl_permissions(uint32_t acl, enum acl_entry entry) {
    return acl >> 4 * entry & 7;
}
static inline uint32_t acl_with(uint32_t acl, enum acl_entry entry, uint32_t permissions) {
    return (acl & ~(UINT32_C(15) << 4 * entry)) | (8 | permissions) << 4 * entry;
}
bool acl_valid(uint32_t acl);

/* A run of bytes in the scenario's pool; never holds a NUL. */
struct text {
    uint32_t offset;
    uint32_t length; /* 0..TEXT_LENGTH_MAX */
};

/* One step. Fields that its kind does not have (see step_infos) are 0. */
struct step {
    uint8_t kind;    /* enum step_kind */
    uint8_t pointer; /* enum pointer; of use: enum use */
    uint8_t flags;   /* the FLAGs of its kind */
    uint8_t slot;    /* SLOT: 0..SCENARIO_SLOTS-1 */
    struct dirfd dirfd;
    uint32_t mode;     /* MODE (all 32 bits of mkfifo, mkfifoat and umask reach the call), ENTRIES,
                          NUMBER, INODES, ACTOR and ERROR */
    int32_t high;      /* of mkfifo and mkfifoat: the upper half of a MODE of 64 bits, whose lower
                          half is `mode`; only integers of languages have one other than 0 */
    struct text path;  /* PATH; OLD of link, rename and bind */
    struct text other; /* BODY of symlink, NEW of link, rename and bind, CONTENT of file, and the
                          second string of a split pointer */
    struct identity identity; /* of as, chown and acl */
};

struct scenario {
    uint32_t step_count;
    uint32_t pool_used;
    struct step steps[SCENARIO_STEPS_MAX];
    char pool[SCENARIO_POOL_MAX];
};

/* One operand of a step kind, in the order in which text and bytes write them. */
enum operand {
    OPERAND_END, /* ends the list */
    OPERAND_SET, /* SLOT that receives the descriptor: "d0 =", before the verb */
    OPERAND_SLOT,
    OPERAND_DIRFD,
    OPERAND_POINTER, /* path with its pointer kind: calls under test */
    OPERAND_PATH,    /* path of a preparation */
    OPERAND_OTHER,
    OPERAND_MODE,      /* octal; chmod, mkdir and file hold at most 07777 */
    OPERAND_FULL_MODE, /* octal, all 32 bits: umask */
    OPERAND_CALL_MODE, /* octal, 64 bits with a sign: mkfifo, mkfifoat */
    OPERAND_NUMBER,    /* decimal, 0..NUMBER_MAX */
    OPERAND_IDENTITY,  /* all of struct identity */
    OPERAND_OWNER,     /* its uid and gid alone: chown */
    OPERAND_ACTOR,     /* decimal, 0..ACTORS-1 */
    OPERAND_ERROR,     /* an errno(3) of 1..ERROR_MAX by its name, by number if it has none, or 0 */
    OPERAND_USE,       /* a word of use_names */
    OPERAND_ENTRIES,   /* of an ACL */
    OPERAND_FLAGS,
};
enum { NUMBER_MAX = 65535 };

/* The table that parser, printer, decoder, encoder, generator and help all work from. */
struct step_info {
    const char *name;                      /* the verb */
    const char *summary;                   /* one line for people: `fifofuzz list steps` */
    uint8_t operands[5];                   /* enum operand, ended by OPERAND_END */
    const char *flags[STEP_FLAGS_MAX + 1]; /* the words of its flags, by bit; ended by NULL */
};
extern const struct step_info step_infos[STEP_KIND_COUNT];

/* True for the two kinds that call the implementation. */
static inline bool step_is_call(const struct step *step) {
    return step->kind == STEP_MKFIFO || step->kind == STEP_MKFIFOAT;
}

/* Does its path have two strings, with something between them that no string of C can have? */
static inline bool pointer_is_split(const struct step *step) {
    return step_is_call(step) &&
           (step->pointer == POINTER_COUNTED || step->pointer == POINTER_UNENCODABLE);
}

/* Does what it needs stand beyond one thread that makes calls: several actors, the FIFO in use? */
static inline bool step_is_staged(const struct step *step) {
    return step->kind >= STEP_ACTOR || (step->kind == STEP_OPEN && step->flags & OPEN_IN_USE);
}

/* Is it done by the actor at hand, and not by the harness whoever acts? */
static inline bool step_is_by_actor(const struct step *step) {
    return step_is_call(step) || step->kind == STEP_OPEN || step->kind == STEP_READ ||
           step->kind == STEP_WRITE;
}

/* Is its path not a string at all, so that reading it is undefined behaviour? */
static inline bool pointer_is_bad(const struct step *step) {
    return step_is_call(step) && step->pointer != POINTER_STRING && !pointer_is_split(step);
}

/* Has it arguments that only a language can have, so that neither C nor the kernel is asked? */
static inline bool step_is_beyond_c(const struct step *step) {
    return pointer_is_split(step) || step->high != 0;
}

/* The MODE of a call with its upper half. */
static inline int64_t step_whole_mode(const struct step *step) {
    return (int64_t)((uint64_t)(uint32_t)step->high << 32 | step->mode);
}

/* Makes `mode` the MODE of a call. */
static inline void step_set_whole_mode(struct step *step, int64_t mode) {
    step->mode = (uint32_t)mode;
    step->high = (int32_t)(mode >> 32);
}

/* Does `mode` have bits beyond the permissions and S_ISUID, S_ISGID, S_ISVTX? */
static inline bool mode_is_wide(uint32_t mode) {
    return mode > 07777;
}

/* All flags that steps of `kind` can have. */
static inline uint8_t step_flags_all(enum step_kind kind) {
    uint8_t all = 0;
    for (unsigned i = 0; step_infos[kind].flags[i]; i++)
        all |= (uint8_t)(1U << i);
    return all;
}

/* --- building ------------------------------------------------------------------------------- */

/* Makes `scenario` empty. Costs the same whatever its size: the arrays are not cleared. */
void scenario_clear(struct scenario *scenario);

/* Copies only what is in use. */
void scenario_copy(struct scenario *to, const struct scenario *from);

/* The number of its calls under test. */
uint32_t scenario_calls(const struct scenario *scenario);

/* Has it a step that step_is_staged? */
bool scenario_is_staged(const struct scenario *scenario);

/* True when both have the same steps with the same bytes (wherever those lie in the pool). */
bool scenario_equal(const struct scenario *a, const struct scenario *b);

/* The bytes of `text`; not NUL-terminated, valid until `scenario` changes. */
static inline const char *scenario_text(const struct scenario *scenario, struct text text) {
    return scenario->pool + text.offset;
}

/*
 * Appends a step of `kind` with all operands 0 and returns it, or NULL when the scenario is full.
 */
struct step *scenario_add(struct scenario *scenario, enum step_kind kind);

/*
 * Stores `length` bytes in the pool. What does not fit, beyond TEXT_LENGTH_MAX or in the pool, is
 * cut off; a NUL becomes the byte 1.
 */
struct text scenario_store(struct scenario *scenario, const char *bytes, size_t length);

/* Keeps the first `count` steps; the texts of the others stay in the pool, unused. */
void scenario_truncate(struct scenario *scenario, uint32_t count);

/*
 * True when every field is in range, texts lie in the pool without NUL, unused fields are 0, and
 * the lengths of all texts add up to at most SCENARIO_POOL_MAX. (Steps may share bytes of the
 * pool, but neither of the other two forms can, so each text counts in full.)
 */
bool scenario_valid(const struct scenario *scenario);

/* --- bytes (scenario_bytes.c, which documents the format) ------------------------------------ */

/* Decodes any `size` bytes into a valid scenario; never fails. */
void scenario_decode(struct scenario *out, const uint8_t *data, size_t size);

/*
 * Writes the canonical bytes of the valid `scenario` to `out`. Returns their number, or 0 when they
 * do not fit in `capacity` (an empty scenario is 0 bytes, and any capacity holds it).
 */
size_t scenario_encode(const struct scenario *scenario, uint8_t *out, size_t capacity);

/* --- text (scenario_text.c, which has the grammar) ------------------------------------------- */

/*
 * The result written after `#` behind a step: "# 0", "# EEXIST", or nothing. For calls and
 * preparations alike; of an open step "# 0" means that it succeeded. "# waits 0" stands behind a
 * step that comes back during a later one, "# waits" behind one that never does.
 */
enum {
    EXPECT_NOTHING = -1,
    EXPECT_WAITS = 1 << 12, /* added to what comes back in the end: it does not do so at once */
    EXPECT_NEVER = EXPECT_WAITS - 1, /* with EXPECT_WAITS: it waits until the scenario is over */
};
struct expectations {
    int16_t error[SCENARIO_STEPS_MAX]; /* EXPECT_NOTHING, 0 or an errno value */
};

/* "0", "EEXIST", "waits EEXIST", "waits": an expectation, valid until the next such call. */
const char *expectation_name(int expectation);

/* Where and why a text was refused. */
struct text_error {
    unsigned line;     /* from 1 */
    unsigned column;   /* from 1, in bytes */
    char message[160]; /* "expected a mode in octal, as 0644; found \"rw\"" */
};

/*
 * Parses `length` bytes of .scn text. Returns 0, or -EINVAL with `error` filled; the scenario is
 * then unspecified but valid. `expectations` may be NULL: results behind `#` are then checked for
 * their form and dropped.
 */
int scenario_parse(struct scenario *out, struct expectations *expectations, const char *data,
                   size_t length, struct text_error *error);

/*
 * Prints the valid `scenario`, a line per step, as canonical text. `expectations` may be NULL; the
 * errors in them must have a name (errno_name.h). Returns the length without the NUL, like
 * snprintf: what does not fit in `capacity` is cut off, and `out` ends in a NUL if `capacity` is
 * not 0.
 */
size_t scenario_print(const struct scenario *scenario, const struct expectations *expectations,
                      char *out, size_t capacity);

/* Prints step `index` alone, without newline; returns as scenario_print does. */
size_t scenario_print_step(const struct scenario *scenario, uint32_t index, char *out,
                           size_t capacity);

#endif
