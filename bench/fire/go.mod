module fire

go 1.26
