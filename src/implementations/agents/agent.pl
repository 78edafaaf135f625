# POSIX::mkfifo as an agent of fifofuzz (see ../README.md).
use strict;
use warnings;
use POSIX ();

my %requests = (
    mkfifo => sub { my ($mode, $path) = @_; POSIX::mkfifo($path, $mode) },
    umask  => sub { umask $_[0]; 1 },
    chdir  => sub { chdir $_[0] },
);

sub answer {
    my ($verb, @operands) = @_;
    $! = 7777;    # an answer of this says that errno was not set
    my $done = eval { $requests{$verb}->(@operands) };
    my $error = $! + 0;
    return 'raised ' . (split /\n/, $@)[0] if $@;
    return $done ? '0' : "-1 $error";
}

binmode STDIN;
binmode STDOUT;
$| = 1;
print "fifofuzz-agent 1 $$ mkfifo counted\n";
while (my $line = <STDIN>) {
    my ($verb, @operands) = split ' ', $line;
    read STDIN, $operands[-1], $operands[-1] if $verb ne 'umask';
    print answer($verb, @operands), "\n";
}
