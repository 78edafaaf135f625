;;; mknod with the type fifo as an agent of fifofuzz (see ../README.md). Usage: agent.scm [LOCALE]
;;;
;;; Guile's paths are text, which goes through the locale's encoding on its way to the kernel. So a
;;; path that is no UTF-8, or in the locale C no ASCII, cannot be handed over at all. UTF-8 has bytes
;;; for all characters of Guile, ASCII has not.

(use-modules (ice-9 binary-ports) (ice-9 rdelim) (rnrs bytevectors) (srfi srfi-1))

(define locale
  (if (pair? (cdr (command-line)))
      (cadr (command-line))
      "C.UTF-8"))
(define ascii? (string=? locale "C"))
(setlocale LC_ALL locale)

(define in (current-input-port))
(define out (current-output-port))
(set-port-encoding! in "ISO-8859-1")

(define requests
  `((mkfifo . ,(lambda (mode path) (mknod path 'fifo mode 0)))
    (umask . ,(lambda (mode) (umask mode)))
    (chdir . ,(lambda (path) (chdir path)))))

(define (answer verb operands)
  (catch #t
    (lambda ()
      (apply (assq-ref requests verb) operands)
      "0")
    (lambda (key . arguments)
      (if (eq? key 'system-error)
          (format #f "-1 ~a" (system-error-errno (cons key arguments)))
          (format #f "raised ~a" key)))))

;; The bytes as text, or #f.
(define (text bytes)
  (and (or (not ascii?) (every (lambda (byte) (< byte 128)) (bytevector->u8-list bytes)))
       (catch 'decoding-error
         (lambda () (utf8->string bytes))
         (lambda _ #f))))

(define (read-text size)
  (text (if (zero? size) #vu8() (get-bytevector-n in size))))

(define (answer-with-path verb operands . parts)
  (if (every identity parts)
      (answer verb (append operands (list (string-join parts "\u20ac"))))
      "unable a path that is none in this locale"))

;; The last words are about the path: ... SIZE, or ... unencodable LEFT SIZE.
(define (serve verb words)
  (let ((split (list-index (lambda (word) (string=? word "unencodable")) words))
        (numbers (filter-map string->number words)))
    (cond
     ((eq? verb 'umask) (answer verb numbers))
     (split
      (let* ((left (list-ref numbers split))
             (first (read-text left))
             (second (read-text (- (last numbers) left))))
        (answer-with-path verb (take numbers split) first second)))
     (else
      (let ((operands (drop-right numbers 1)))
        (answer-with-path verb operands (read-text (last numbers))))))))

(define (say line)
  (display line out)
  (newline out)
  (force-output out))

(say (format #f "fifofuzz-agent 1 ~a mkfifo counted wide~a" (getpid) (if ascii? " text" "")))
(let loop ((line (read-line in)))
  (unless (eof-object? line)
    (let ((words (string-split line #\space)))
      (say (serve (string->symbol (car words)) (cdr words)))
      (loop (read-line in)))))
