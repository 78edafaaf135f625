<?php
/* posix_mkfifo as an agent of fifofuzz (see ../README.md). */

ini_set('display_errors', 'stderr'); // standard output is for replies

$requests = [
    'mkfifo' => fn($mode, $path) => posix_mkfifo($path, $mode) ? '0' : '-1 ' . posix_get_last_error(),
    'umask' => fn($mode) => umask($mode) >= 0 ? '0' : '-1 ?',
    'chdir' => fn($path) => @chdir($path) ? '0' : '-1 ?',
];

function answer($request, $operands)
{
    try {
        return $request(...$operands);
    } catch (Error $error) {
        return 'raised ' . get_class($error);
    }
}

/* Also of 0 bytes, where the library's function would read to the end. */
function read_bytes($size)
{
    return $size > 0 ? stream_get_contents(STDIN, $size) : '';
}

fwrite(STDOUT, 'fifofuzz-agent 1 ' . getmypid() . " mkfifo counted wide limits\n");
while (($line = fgets(STDIN)) !== false) {
    $operands = explode(' ', rtrim($line));
    $verb = array_shift($operands);
    $operands = array_map('intval', $operands);
    if ($verb !== 'umask') {
        $operands[] = read_bytes(array_pop($operands));
    }
    fwrite(STDOUT, answer($requests[$verb], $operands) . "\n");
}
