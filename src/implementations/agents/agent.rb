# File.mkfifo as an agent of fifofuzz (see ../README.md).

REQUESTS = {
  "mkfifo" => ->(mode, path) { File.mkfifo(path, mode) },
  "umask" => ->(mode) { File.umask(mode) },
  "chdir" => ->(path) { Dir.chdir(path) }
}

def answer(verb, operands)
  REQUESTS.fetch(verb).call(*operands)
  "0"
rescue SystemCallError => error
  "-1 #{error.errno}"
rescue ArgumentError, RangeError, TypeError, EncodingError => error
  "raised #{error.class}"
end

$stdin.binmode
$stdout.sync = true
puts "fifofuzz-agent 1 #{Process.pid} mkfifo counted"
while (line = $stdin.gets)
  verb, *words = line.split
  operands = words.map { |word| Integer(word) }
  operands[-1] = $stdin.read(operands[-1]) unless verb == "umask"
  puts answer(verb, operands)
end
