# File.mkfifo as an agent of fifofuzz (see ../README.md).
#
# Ruby hands a string's bytes over as they are, whatever its encoding, but for encodings that do not
# contain ASCII: so a text that stands for no name is one in UTF-16.

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

def unencodable(bytes)
  bytes.force_encoding("ISO-8859-1").encode("UTF-16LE")
end

# The path that the last of the words announce, which it takes off.
def read_path(words)
  path = $stdin.read(Integer(words.pop))
  return path unless words.include?("unencodable")

  left = Integer(words.pop)
  words.pop
  unencodable(path[0, left]) + "\u20ac".encode("UTF-16LE") + unencodable(path[left..])
end

$stdin.binmode
$stdout.sync = true
puts "fifofuzz-agent 1 #{Process.pid} mkfifo counted text wide limits"
while (line = $stdin.gets)
  verb, *words = line.split
  path = verb == "umask" ? [] : [read_path(words)]
  puts answer(verb, words.map { |word| Integer(word) } + path)
end
