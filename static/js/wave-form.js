// wave-form
