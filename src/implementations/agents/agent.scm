;;; mknod with the type fifo as an agent of fifofuzz (see ../README.md).
;;;
;;; Guile's paths are text, which goes through the locale's encoding on its way to the kernel. So a
;;; path that is no UTF-8 cannot be handed over at all.

(use-modules (ice-9 binary-ports) (ice-9 rdelim) (rnrs bytevectors))
(setlocale LC_ALL "C.UTF-8")

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
  (catch 'decoding-error
    (lambda () (utf8->string bytes))
    (lambda _ #f)))

(define (answer-with-path verb operands size)
  (let ((path (text (get-bytevector-n in size))))
    (if path
        (answer verb (append operands (list path)))
        "unable a path that is no UTF-8")))

(define (serve verb operands)
  (if (eq? verb 'umask)
      (answer verb operands)
      (let ((reversed (reverse operands)))
        (answer-with-path verb (reverse (cdr reversed)) (car reversed)))))

(define (say line)
  (display line out)
  (newline out)
  (force-output out))

(say (format #f "fifofuzz-agent 1 ~a mkfifo counted" (getpid)))
(let loop ((line (read-line in)))
  (unless (eof-object? line)
    (let ((words (string-split line #\space)))
      (say (serve (string->symbol (car words)) (map string->number (cdr words))))
      (loop (read-line in)))))
