"""``sedpool evaluate``: `options` say what may be asked, `inputs` what is compared, `outputs` where it goes."""
