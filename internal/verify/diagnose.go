package verify

func (h *hearing) diagnose(c Check, o outcome) (cause, fix string) { return "", "" }
