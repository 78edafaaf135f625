# POSIX::mkfifo as an agent of fifofuzz (see ../README.md). Usage: agent.pl [upgraded]
#
# The argument has strings of characters handed over that Perl keeps as UTF-8 inside. They are equal
# to those without (eq), so they are due to name the same file.
use strict;
use warnings;
use POSIX ();

my $upgraded = @ARGV && $ARGV[0] eq 'upgraded';

sub as_path {
    my ($path) = @_;
    utf8::upgrade($path) if $upgraded;
    return $path;
}

my %requests = (
    mkfifo => sub { my ($mode, $path) = @_; POSIX::mkfifo(as_path($path), 0 + $mode) },
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
print "fifofuzz-agent 1 $$ mkfifo counted wide limits\n";
while (my $line = <STDIN>) {
    my ($verb, @operands) = split ' ', $line;
    read STDIN, $operands[-1], $operands[-1] if $verb ne 'umask';
    print answer($verb, @operands), "\n";
}
