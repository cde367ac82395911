"""`gofer serve`: a web page on this computer, over the functions of `gofer predict` and `gofer search`.

What enters: sequences or a text that somebody pastes. What leaves: the page of `gofer predict`, its files, or a table.

- `jobs.Jobs`: the queue, the limits, and one thread that works; `web_app`: the pages, and who may ask for them;
- `server`: waitress, on loopback unless another host is given.
"""
