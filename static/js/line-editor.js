// line-editor
