package console

import "net/http"

// flush delivers what a delivery stream holds in its buffer.
func (c *Console) flush(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if err := c.opts.Flusher.Flush(r.Context(), name); err != nil {
		c.failed(w, r, "flush delivery stream "+quoted(name), err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// shutdown is how `millrace down` ends the server: the answer comes before the end.
func (c *Console) shutdown(w http.ResponseWriter, r *http.Request) {
	c.opts.Logger.Info("shutdown requested")
	w.WriteHeader(http.StatusAccepted)
	_ = http.NewResponseController(w).Flush()
	c.opts.Shutdown()
}
